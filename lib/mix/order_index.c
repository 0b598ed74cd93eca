/* SPDX-License-Identifier: MIT */
/* PREFIX.order, written: a pass over the documents of a recipe's sources. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/err.h"
#include "io/safetensors.h"
#include "io/stream.h"
#include "io/textcodec.h"
#include "mix/order_impl.h"
#include "mix/scores.h"
#include "mix/source.h"

enum { LEVEL = 3 };

/* The keys that sources need, each once. */
struct keys {
	const char **v;
	size_t n;
};

/* A shard's numbers in the making. */
struct making {
	const struct shard *s;
	const struct order_from *from;
	const struct scores *scores;
	const char *path;
	struct keys keys; /* of the file */
	double **v;       /* (keys.n): (documents) each */
	bool *have;       /* (keys.n): read from the file that is there */
	/* Scratch memory of a document. */
	struct ids ids;
	struct buf text, packed;
	ZSTD_CCtx *zstd;
};

static int
add_key(struct keys *k, const char *key, struct err *e)
{
	const char **more;
	size_t i;

	for (i = 0; i < k->n; i++)
		if (strcmp(k->v[i], key) == 0)
			return 0;
	if (strlen(key) > ORDER_KEY)
		return err_set(e, ERR_FORMAT, "'%.60s...': too long", key);
	more = realloc(k->v, (k->n + 1) * sizeof(*more));
	if (!more)
		return err_nomem(e, "keys");
	k->v = more;
	k->v[k->n++] = key;
	return 0;
}

static int
add_keys(struct keys *k, const struct recipe_pick *pick, struct err *e)
{
	uint32_t i;

	for (i = 0; i < pick->nbound; i++)
		if (add_key(k, pick->bounds[i].key.p, e) < 0)
			return e->code;
	if (pick->part.p && add_key(k, pick->part.p, e) < 0)
		return e->code;
	return pick->order.p ? add_key(k, pick->order.p, e) : 0;
}

/* Tokens of document i as text, without the one that ends it. */
static int
text_of(struct making *m, uint64_t i, struct err *e)
{
	const struct shard *s = m->s;
	uint64_t first, n;

	if (shard_doc_range(s, i, &first, &n, e) < 0)
		return e->code;
	m->ids.n = 0;
	if (ids_reserve(&m->ids, n, e) < 0 ||
	    shard_read(s, first, n, m->ids.v, e) < 0)
		return e->code;
	if (n && m->ids.v[n - 1] == (uint64_t)s->head.end_text)
		n--;
	buf_clear(&m->text);
	return m->from->codec->decode(
	    m->from->codec->ctx, m->ids.v, n, &m->text, e);
}

static int
compression(struct making *m, uint64_t i, double *v, struct err *e)
{
	size_t bound, n;
	char *to;

	if (text_of(m, i, e) < 0)
		return e->code;
	bound = ZSTD_compressBound(m->text.n);
	buf_clear(&m->packed);
	to = buf_room(&m->packed, bound);
	if (!to || (!m->zstd && !(m->zstd = ZSTD_createCCtx())))
		return err_nomem(e, "zstd");
	n = ZSTD_compressCCtx(m->zstd, to, bound, m->text.p, m->text.n, LEVEL);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "zstd: %s", ZSTD_getErrorName(n));
	*v = (double)m->text.n / (double)n;
	return 0;
}

static int
need_codec(const struct making *m, struct err *e)
{
	if (!m->from->codec)
		return err_set(e, ERR_ARG,
		    "'compression' is of text: say --tokenizer FILE");
	if (strcmp(m->from->codec->digest, m->s->head.tokenizer) == 0)
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s.docs: made by tokenizer sha256:%.16s..., not by "
	    "sha256:%.16s...",
	    m->s->prefix, m->s->head.tokenizer, m->from->codec->digest);
}

static int
compressions(struct making *m, double *v, struct err *e)
{
	uint64_t i;

	if (need_codec(m, e) < 0)
		return e->code;
	for (i = 0; i < m->s->docs; i++)
		if (compression(m, i, &v[i], e) < 0)
			return err_prefix(e, "%s: document %llu", m->s->prefix,
			    (unsigned long long)i);
	return 0;
}

/* The numbers of a document that come from outside. */
static int
take_numbers(struct making *m, uint64_t i, struct str id, struct json_val line,
    struct err *e)
{
	size_t k;
	double v;

	for (k = 0; k < m->keys.n; k++) {
		if (m->have[k])
			continue;
		v = scores_get(m->scores, id, m->keys.v[k]);
		if (isnan(v))
			v = score_of(line, "numbers", m->keys.v[k]);
		if (!isfinite(v))
			return err_set(e, ERR_FORMAT,
			    "%s: document %llu, '%.*s', has no number '%s': "
			    "give it by --scores FILE, or make the shard with "
			    "--keep %s",
			    m->s->prefix, (unsigned long long)i,
			    (int)(id.n < 60 ? id.n : 60), id.p, m->keys.v[k],
			    m->keys.v[k]);
		m->v[k][i] = v;
	}
	return 0;
}

static int
take_line(void *ctx, uint64_t i, struct str line, struct err *e)
{
	struct making *m = ctx;
	struct json *j;
	int rc;

	if (json_parse(&j, line.p, line.n, e) < 0)
		return err_prefix(e, "%s.docs: document %llu", m->s->prefix,
		    (unsigned long long)i);
	rc = take_numbers(
	    m, i, json_str(json_get(json_root(j), "id")), json_root(j), e);
	json_free(j);
	return rc;
}

static int
take_foreign(void *ctx, uint64_t i, const struct shard_doc *d, struct err *e)
{
	return take_numbers(ctx, i, d->id, (struct json_val){ 0 }, e);
}

/* What the file has, and what is counted here; then what others said. */
static int
fill(struct making *m, struct err *e)
{
	bool left = false;
	uint64_t i;
	size_t k;

	for (k = 0; k < m->keys.n; k++) {
		if (m->have[k])
			continue;
		if (strcmp(m->keys.v[k], "len") == 0) {
			for (i = 0; i < m->s->docs; i++)
				m->v[k][i] =
				    (double)shard_idx_len(&m->s->idx, i);
			m->have[k] = true;
		} else if (strcmp(m->keys.v[k], "compression") == 0) {
			if (compressions(m, m->v[k], e) < 0)
				return e->code;
			m->have[k] = true;
		}
		left |= !m->have[k];
	}
	if (!left)
		return 0;
	return m->s->foreign ? shard_docs_each(m->s, take_foreign, m, e)
			     : shard_lines_each(m->s, take_line, m, e);
}

static int
write_arrays(const struct making *m, struct st_writer *w, struct err *e)
{
	size_t k;

	for (k = 0; k < m->keys.n; k++)
		if (st_write(w, m->v[k], m->s->docs * sizeof(double), e) < 0) {
			st_abandon(w);
			return e->code;
		}
	return st_commit(w, e);
}

static int
write_file(const struct making *m, struct err *e)
{
	size_t k, n = m->keys.n;
	struct st_tensor *t = calloc(n, sizeof(*t));
	const char *(*meta)[2] = calloc(n + 2, sizeof(*meta));
	char(*names)[ORDER_KEY + 8] = calloc(n, sizeof(*names));
	char(*digests)[65] = calloc(n, sizeof(*digests));
	struct st_writer *w = NULL;
	int rc = t && meta && names && digests ? 0 : err_nomem(e, "an order");

	for (k = 0; rc == 0 && k < n; k++) {
		t[k] = (struct st_tensor){ .name = m->keys.v[k],
			.dtype = ST_F64,
			.rank = 1,
			.shape = { m->s->docs } };
		snprintf(names[k], sizeof(names[k]), "sha256.%s", t[k].name);
		rc = order_digest(m->v[k], m->s->docs, digests[k], e);
		meta[k + 2][0] = names[k];
		meta[k + 2][1] = digests[k];
	}
	if (rc == 0) {
		meta[0][0] = "format";
		meta[0][1] = "quern order 1";
		meta[1][0] = "bin_sha256";
		meta[1][1] = m->s->bin_sha256;
		rc = st_create(
		    &w, m->path, t, n, (const char *const(*)[2])meta, n + 2, e);
	}
	if (rc == 0)
		rc = write_arrays(m, w, e);
	free(t);
	free(meta);
	free(names);
	free(digests);
	return rc;
}

/* Room for all keys' numbers. */
static int
make_room(struct making *m, struct err *e)
{
	size_t k;

	m->v = calloc(m->keys.n, sizeof(*m->v));
	m->have = calloc(m->keys.n, sizeof(*m->have));
	if (!m->v || !m->have)
		return err_nomem(e, "an order");
	for (k = 0; k < m->keys.n; k++) {
		m->v[k] = malloc(m->s->docs * sizeof(double) + 1);
		if (!m->v[k])
			return err_nomem(e, "an order");
	}
	return 0;
}

static void
making_free(struct making *m)
{
	size_t k;

	for (k = 0; m->v && k < m->keys.n; k++)
		free(m->v[k]);
	free(m->v);
	free(m->have);
	free(m->keys.v);
	ids_free(&m->ids);
	buf_free(&m->text);
	buf_free(&m->packed);
	ZSTD_freeCCtx(m->zstd);
}

/* An array of the file that is there; *v stays NULL if it is damaged. */
static int
old_values(const struct making *m, struct safetensors *f, const char *key,
    double **v, struct err *e)
{
	char digest[65];
	int rc = order_values(m->s, f, m->path, key, v, digest, e);

	return rc == ERR_CHECK ? 0 : rc;
}

/* Keys that the file tells beside those wanted stay in it. */
static int
add_old_keys(struct making *m, struct safetensors *f, struct err *e)
{
	size_t k;
	double *v;

	for (k = 0; k < st_count(f); k++) {
		if (old_values(m, f, st_at(f, k)->name, &v, e) < 0)
			return e->code;
		free(v);
		if (v && add_key(&m->keys, st_at(f, k)->name, e) < 0)
			return e->code;
	}
	return 0;
}

/* The arrays of the file that is there stay; *all: nothing is missing. */
static int
keep_old(struct making *m, struct safetensors *f, bool *all, struct err *e)
{
	double *v;
	size_t k;

	if ((f && add_old_keys(m, f, e) < 0) || make_room(m, e) < 0)
		return e->code;
	*all = true;
	for (k = 0; k < m->keys.n; k++) {
		v = NULL;
		if (f && st_find(f, m->keys.v[k]) &&
		    old_values(m, f, m->keys.v[k], &v, e) < 0)
			return e->code;
		m->have[k] = v != NULL;
		if (v) {
			free(m->v[k]);
			m->v[k] = v;
		}
		*all = *all && v;
	}
	return 0;
}

static int
make_order(
    struct making *m, struct safetensors *f, struct buf *out, struct err *e)
{
	bool all = false;
	size_t k;
	int rc = keep_old(m, f, &all, e);

	if (rc == 0 && !all)
		rc = fill(m, e);
	if (rc == 0 && !all)
		rc = write_file(m, e);
	if (rc < 0)
		return rc;
	buf_printf(out, "%s\t%llu\t%s\t", m->path,
	    (unsigned long long)m->s->docs, all ? "as it was" : "written");
	for (k = 0; k < m->keys.n; k++)
		buf_printf(out, "%s%s", k ? "," : "", m->keys.v[k]);
	buf_putc(out, '\n');
	return buf_ok(out, e);
}

/* A shard's file; a broken one, or one of another shard, is made anew. */
static int
index_shard(const struct shard *s, const struct keys *want,
    const struct order_from *from, const struct scores *scores, struct buf *out,
    struct err *e)
{
	struct making m = { .s = s, .from = from, .scores = scores };
	struct safetensors *f = NULL;
	char path[ORDER_PATH];
	int rc = order_path(s, path, e);
	size_t k;

	m.path = path;
	for (k = 0; rc == 0 && k < want->n; k++)
		rc = add_key(&m.keys, want->v[k], e);
	if (rc == 0 && access(path, F_OK) == 0 &&
	    order_open(s, path, &f, e) == ERR_IO)
		rc = e->code;
	if (rc == 0)
		rc = make_order(&m, f, out, e);
	making_free(&m);
	st_close(f);
	return rc;
}

/* Does a source before this one stand for the same shards? */
static bool
done_before(const struct recipe *r, uint32_t i)
{
	uint32_t j;

	for (j = 0; j < i; j++)
		if (strcmp(r->sources[j].path, r->sources[i].path) == 0)
			return true;
	return false;
}

/* The shards of a source, with the keys of all that have the same. */
static int
index_source(const struct recipe *r, uint32_t i, const struct order_from *from,
    const struct scores *scores, struct buf *out, struct err *e)
{
	struct keys k = { 0 };
	struct source s = { 0 };
	uint32_t j;
	size_t n;
	int rc = 0;

	if (done_before(r, i))
		return 0;
	for (j = i; rc == 0 && j < r->nsource; j++)
		if (strcmp(r->sources[j].path, r->sources[i].path) == 0)
			rc = add_keys(&k, &r->sources[j].pick, e);
	if (rc == 0 && k.n)
		rc = source_load(&s, r, i, false, e);
	for (n = 0; rc == 0 && n < s.n; n++)
		rc = index_shard(&s.shards[n], &k, from, scores, out, e);
	source_close(&s);
	free(k.v);
	return rc;
}

/* Shares that follow from sizes don't matter here: any will do. */
static int
any_size(void *ctx, const struct recipe *r, uint32_t i, uint64_t *tokens,
    struct err *e)
{
	(void)ctx;
	(void)r;
	(void)i;
	(void)e;
	*tokens = 1;
	return 0;
}

static int
index_sources(const struct recipe *r, const struct order_from *from,
    struct buf *out, struct err *e)
{
	struct keys all = { 0 };
	struct scores scores = { 0 };
	uint32_t i;
	size_t j;
	int rc = 0;

	for (i = 0; rc == 0 && i < r->nsource; i++)
		rc = add_keys(&all, &r->sources[i].pick, e);
	if (rc == 0 && !all.n)
		rc = err_set(e, ERR_CHECK,
		    "%s: no source has an order, a bound or a part: there is "
		    "nothing to index",
		    r->file);
	scores.keys = all.v;
	scores.nkey = all.n;
	for (j = 0; rc == 0 && j < from->nscores; j++)
		rc = scores_read(&scores, from->scores[j], e);
	for (i = 0; rc == 0 && i < r->nsource; i++)
		rc = index_source(r, i, from, &scores, out, e);
	scores_free(&scores);
	free(all.v);
	return rc;
}

int
order_index(const char *recipe, const struct order_from *from, struct buf *out,
    struct err *e)
{
	const struct recipe_sizes sizes = { any_size, NULL };
	struct recipe r = { 0 };
	size_t n;
	char *text;
	int rc;

	if (in_slurp(recipe, &text, &n, e) < 0)
		return e->code;
	rc = recipe_parse(&r, recipe, text, n, &sizes, e);
	if (rc == 0)
		rc = index_sources(&r, from, out, e);
	recipe_free(&r);
	free(text);
	return rc;
}

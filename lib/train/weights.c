/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "train/philox.h"
#include "train/weights.h"

enum { PIECE = 65536 }; /* elements; even, for philox_normal() */

#define COUNTS "unigram.counts"

int
weights_init(struct net *n, uint64_t seed, struct err *e)
{
	float *x = malloc(PIECE * sizeof(*x));
	size_t i, at, m, j;
	int rc = x ? 0 : err_nomem(e, "initial weights");

	for (i = 0; i < n->p->params.n && rc == 0; i++) {
		const struct param *p = &n->p->params.v[i];

		for (at = 0; at < p->n && rc == 0; at += m) {
			m = p->n - at < PIECE ? p->n - at : PIECE;
			if (p->std > 0)
				philox_normal(x, m, p->std, seed, i, at);
			for (j = 0; j < m && !(p->std > 0); j++)
				x[j] = p->fill;
			rc = net_put(n->ops, n->params, p->at + at, x, m, e);
		}
	}
	free(x);
	net_changed(n);
	return rc;
}

static size_t
tensors_of(const struct weights_part *parts, size_t nparts)
{
	size_t n = 0, k;

	for (k = 0; k < nparts; k++)
		n += parts[k].of->n;
	return n;
}

/* The tensors of a file, in order, and room for one more; names in the arena.
 */
static struct st_tensor *
describe(const struct weights_part *parts, size_t nparts, struct arena *names)
{
	struct st_tensor *t = calloc(tensors_of(parts, nparts) + 1, sizeof(*t));
	struct st_tensor *x = t;
	size_t i, k;

	for (k = 0; t && k < nparts; k++)
		for (i = 0; i < parts[k].of->n; i++, x++) {
			const struct param *p = &parts[k].of->v[i];

			x->name = arena_printf(
			    names, "%s%s", parts[k].prefix, p->name)
				      .p;
			x->dtype = ST_F32;
			x->rank = p->rank;
			memcpy(x->shape, p->shape, sizeof(p->shape));
			if (!x->name) {
				free(t);
				return NULL;
			}
		}
	return t;
}

/* Where element `at` of a parameter in a file is in the arena; *m: so many of
 * those behind it adjoin in both. */
static size_t
place(const struct param *p, size_t at, size_t *m)
{
	size_t i, heads;

	*m = p->n - at < PIECE ? p->n - at : PIECE;
	if (!p->run)
		return p->at + at;
	i = at / p->run; /* q, k or v of a head */
	heads = p->n / p->run / 3;
	if (*m > p->run - at % p->run)
		*m = p->run - at % p->run;
	return p->at + (i % 3 * heads + i / 3) * p->run + at % p->run;
}

static int
write_param(struct st_writer *w, const struct net *n,
    const struct weights_part *part, const struct param *p, float *x,
    struct err *e)
{
	size_t at, from, m;
	const float *v;

	for (at = 0; at < p->n; at += m) {
		from = place(p, at, &m);
		v = part->host ? part->host + from : x;
		if (!part->host &&
		    net_get(n->ops, x, part->arena, from, m, e) < 0)
			return e->code;
		if (st_write(w, v, m * sizeof(*v), e) < 0)
			return e->code;
	}
	return 0;
}

static int
write_all(struct st_writer *w, const struct net *n,
    const struct weights_part *parts, size_t nparts, const uint64_t *counts,
    struct err *e)
{
	float *x = malloc(PIECE * sizeof(*x));
	int rc = x ? 0 : err_nomem(e, "writing weights");
	size_t i, k;

	for (k = 0; k < nparts && rc == 0; k++)
		for (i = 0; i < parts[k].of->n && rc == 0; i++)
			rc = write_param(
			    w, n, &parts[k], &parts[k].of->v[i], x, e);
	if (rc == 0 && counts)
		rc = st_write(
		    w, counts, n->p->config.vocab * sizeof(*counts), e);
	free(x);
	return rc;
}

int
weights_save(const struct net *n, const char *path,
    const struct weights_part *parts, size_t nparts, const uint64_t *counts,
    struct err *e)
{
	/* transformers wants to know who wrote the file, and knows "pt". */
	static const char *const meta[][2] = { { "format", "pt" } };
	struct arena names = { 0 };
	struct st_tensor *t = describe(parts, nparts, &names);
	size_t count = tensors_of(parts, nparts);
	struct st_writer *w = NULL;
	int rc;

	if (t && counts)
		t[count++] = (struct st_tensor){ .name = COUNTS,
			.dtype = ST_U64,
			.rank = 1,
			.shape = { n->p->config.vocab } };
	rc = t ? st_create(&w, path, t, count, meta, 1, e)
	       : err_nomem(e, "a list of tensors");
	if (rc == 0)
		rc = write_all(w, n, parts, nparts, counts, e);
	if (rc == 0)
		rc = st_commit(w, e);
	else
		st_abandon(w);
	free(t);
	arena_free(&names);
	return rc;
}

/* Does any part of the net take the tensor of that name? */
static bool
is_ours(const struct weights_part *parts, size_t nparts, const char *name)
{
	size_t k, len;

	for (k = 0; k < nparts; k++) {
		len = strlen(parts[k].prefix);
		if (strncmp(name, parts[k].prefix, len) == 0 &&
		    params_find(parts[k].of, name + len))
			return true;
	}
	return false;
}

/* Tables that some writers keep but that follow from the config. */
static bool
is_redundant(const struct net *n, const char *name)
{
	enum model_family f = n->p->config.family;
	struct str s = str_c(name);

	/* The masks of old GPT-2 files: (1, 1, positions, positions). */
	if (f == FAMILY_GPT2 && (str_ends(s, STR(".attn.bias")) ||
				    str_ends(s, STR(".attn.masked_bias"))))
		return true;
	if (f == FAMILY_NEOX && (str_ends(s, STR(".attention.bias")) ||
				    str_ends(s, STR(".attention.masked_bias"))))
		return true;
	return str_ends(s, STR("rotary_emb.inv_freq")) ||
	       (n->p->config.tied && str_eq(s, str_c(names_of(f)->head)));
}

static int
check_strangers(const struct net *n, const struct safetensors *s,
    const struct weights_part *parts, size_t nparts, struct err *e)
{
	const char *name;
	size_t i;

	for (i = 0; i < st_count(s); i++) {
		name = st_at(s, i)->name;
		if (strcmp(name, COUNTS) != 0 && !is_redundant(n, name) &&
		    !is_ours(parts, nparts, name))
			return err_set(e, ERR_FORMAT,
			    "tensor \"%s\" is not part of the model that "
			    "config.json describes",
			    name);
	}
	return 0;
}

static const struct st_tensor *
find(const struct safetensors *s, const char *prefix, const char *body,
    const struct param *p, struct err *e)
{
	const struct st_tensor *t;
	char name[128];

	snprintf(name, sizeof(name), "%s%s", prefix, p->name);
	t = st_find(s, name);
	/* Of a model without its head: names without the body's prefix. */
	if (!t && !*prefix && strncmp(p->name, body, strlen(body)) == 0)
		t = st_find(s, p->name + strlen(body));
	if (!t)
		err_set(e, ERR_FORMAT, "no tensor \"%s\"", name);
	else if (t->rank != p->rank || t->shape[0] != p->shape[0] ||
		 (t->rank == 2 && t->shape[1] != p->shape[1]))
		err_set(e, ERR_FORMAT,
		    "tensor \"%s\" is (%llu,%llu), not (%llu,%llu)", name,
		    (unsigned long long)t->shape[0],
		    (unsigned long long)t->shape[1],
		    (unsigned long long)p->shape[0],
		    (unsigned long long)p->shape[1]);
	else
		return t;
	return NULL;
}

static int
read_param(struct net *n, const struct safetensors *s,
    const struct weights_part *part, const struct param *p, float *x,
    struct err *e)
{
	const struct st_tensor *t =
	    find(s, part->prefix, n->p->params.prefix, p, e);
	size_t at, to, m, begin;

	if (!t)
		return e->code;
	begin = part->kept ? params_at(part->of, n->p->first) : 0;
	for (at = 0; at < p->n; at += m) {
		to = place(p, at, &m) - begin;
		if (st_read_f32(s, t, at, x, m, e) < 0 ||
		    net_put(n->ops, part->arena, to, x, m, e) < 0)
			return e->code;
	}
	return 0;
}

static int
read_counts(const struct net *n, const struct safetensors *s, uint64_t *counts,
    struct err *e)
{
	const struct st_tensor *t = st_find(s, COUNTS);

	if (!t || t->dtype != ST_U64 || t->rank != 1 ||
	    t->shape[0] != n->p->config.vocab)
		return err_set(e, ERR_FORMAT, "no tensor \"" COUNTS "\" (%u)",
		    n->p->config.vocab);
	return st_read(s, t, 0, counts, (size_t)t->size, e);
}

static int
read_all(struct net *n, const struct safetensors *s,
    const struct weights_part *parts, size_t nparts, uint64_t *counts,
    struct err *e)
{
	float *x = malloc(PIECE * sizeof(*x));
	int rc = x ? 0 : err_nomem(e, "reading weights");
	size_t i, k, end;

	if (rc == 0)
		rc = check_strangers(n, s, parts, nparts, e);
	for (k = 0; k < nparts && rc == 0; k++) {
		i = parts[k].kept ? n->p->first : 0;
		end = parts[k].kept ? n->p->end : parts[k].of->n;
		for (; i < end && rc == 0; i++)
			rc = read_param(
			    n, s, &parts[k], &parts[k].of->v[i], x, e);
	}
	net_changed(n);
	if (rc == 0 && counts)
		rc = read_counts(n, s, counts, e);
	free(x);
	return rc;
}

int
weights_load(struct net *n, const char *path, const struct weights_part *parts,
    size_t nparts, uint64_t *counts, struct err *e)
{
	struct safetensors *s;
	int rc = st_open(&s, path, e);

	if (rc < 0)
		return rc;
	rc = read_all(n, s, parts, nparts, counts, e);
	st_close(s);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

/* The first element of a parameter that isn't as it is in the file. */
static int
compare_param(const struct net *n, const struct safetensors *s,
    const struct weights_part *part, const struct param *p, float *x,
    struct err *e)
{
	const struct st_tensor *t =
	    find(s, part->prefix, n->p->params.prefix, p, e);
	size_t at, from, m, i;
	float *was = x + PIECE;

	if (!t)
		return e->code;
	for (at = 0; at < p->n; at += m) {
		from = place(p, at, &m);
		if (net_get(n->ops, x, part->arena, from, m, e) < 0 ||
		    st_read_f32(s, t, at, was, m, e) < 0)
			return e->code;
		if (memcmp(x, was, m * sizeof(*x)) == 0)
			continue;
		for (i = 0; memcmp(x + i, was + i, sizeof(*x)) == 0; i++)
			;
		return err_set(e, ERR_CHECK,
		    "tensor \"%s\", element %zu: %.9g, now %.9g", t->name,
		    at + i, (double)was[i], (double)x[i]);
	}
	return 0;
}

static int
compare_counts(const struct net *n, const struct safetensors *s,
    const uint64_t *counts, struct err *e)
{
	size_t size = n->p->config.vocab * sizeof(*counts);
	uint64_t *was = malloc(size);
	int rc = was ? read_counts(n, s, was, e) : err_nomem(e, COUNTS);

	if (rc == 0 && memcmp(was, counts, size) != 0)
		rc = err_set(e, ERR_CHECK, "other \"" COUNTS "\"");
	free(was);
	return rc;
}

int
weights_same(const struct net *n, const char *path,
    const struct weights_part *parts, size_t nparts, const uint64_t *counts,
    struct err *e)
{
	float *x = malloc(2 * PIECE * sizeof(*x));
	struct safetensors *s = NULL;
	size_t i, k;
	int rc = x ? st_open(&s, path, e) : err_nomem(e, "comparing weights");

	if (rc < 0) {
		free(x);
		return rc;
	}
	for (k = 0; k < nparts && rc == 0; k++)
		for (i = 0; i < parts[k].of->n && rc == 0; i++)
			rc = compare_param(
			    n, s, &parts[k], &parts[k].of->v[i], x, e);
	if (rc == 0 && counts)
		rc = compare_counts(n, s, counts, e);
	free(x);
	st_close(s);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

/* "DIR/NAME" into path (PATH_MAX); NAME is a file in DIR and nowhere else. */
static int
path_in(char *path, const char *dir, struct str name, struct err *e)
{
	if (name.n == 0 || memchr(name.p, '/', name.n) ||
	    memchr(name.p, '\0', name.n))
		return err_set(e, ERR_FORMAT,
		    "\"weight_map\" names the file \"%.*s\"", (int)name.n,
		    name.p ? name.p : "");
	if (snprintf(path, PATH_MAX, "%s/%.*s", dir, (int)name.n, name.p) >=
	    PATH_MAX)
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	return 0;
}

/* The parameters that the index says are in that file, and no others. */
static int
read_part(struct net *n, const struct safetensors *s, struct json_val map,
    struct str file, bool *have, float *x, struct err *e)
{
	const struct weights_part part = {
		.prefix = "", .arena = n->params, .of = &n->p->params
	};
	const struct param *p;
	size_t i;

	for (i = 0; i < st_count(s); i++) {
		const char *name = st_at(s, i)->name;

		if (!str_eq(json_str(json_get(map, name)), file))
			return err_set(e, ERR_FORMAT,
			    "tensor \"%s\" is not in this file by the index",
			    name);
		p = params_find(&n->p->params, name);
		if (!p)
			continue;
		if (have[p - n->p->params.v])
			return err_set(e, ERR_FORMAT,
			    "tensor \"%s\" was in another file already", name);
		have[p - n->p->params.v] = true;
		if (read_param(n, s, &part, p, x, e) < 0)
			return e->code;
	}
	return check_strangers(n, s, &part, 1, e);
}

static int
read_file(struct net *n, const char *dir, struct json_val map, struct str file,
    bool *have, float *x, struct err *e)
{
	char path[PATH_MAX];
	struct safetensors *s;
	int rc = path_in(path, dir, file, e);

	if (rc == 0)
		rc = st_open(&s, path, e);
	if (rc < 0)
		return rc;
	rc = read_part(n, s, map, file, have, x, e);
	st_close(s);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

/* Did an earlier entry name the file? */
static bool
met(struct json_val map, size_t entry, struct str file)
{
	struct json_iter it = json_each(map);
	struct json_val v;

	while (entry-- > 0 && json_next(&it, NULL, &v))
		if (str_eq(json_str(v), file))
			return true;
	return false;
}

static int
read_indexed(struct net *n, const char *dir, struct json_val map, bool *have,
    float *x, struct err *e)
{
	struct json_iter it = json_each(map);
	struct json_val v;
	struct str last = { 0 }, file;
	size_t i;

	for (i = 0; json_next(&it, NULL, &v); i++, last = file) {
		file = json_str(v);
		if (str_eq(file, last) || met(map, i, file))
			continue;
		if (read_file(n, dir, map, file, have, x, e) < 0)
			return e->code;
	}
	for (i = 0; i < n->p->params.n; i++)
		if (!have[i])
			return err_set(e, ERR_FORMAT, "no tensor \"%s\"",
			    n->p->params.v[i].name);
	return 0;
}

static int
load_indexed(struct net *n, const char *dir, const char *index, struct err *e)
{
	bool *have = calloc(n->p->params.n, sizeof(*have));
	float *x = malloc(PIECE * sizeof(*x));
	struct json *j;
	int rc = have && x ? 0 : err_nomem(e, "reading weights");

	if (rc == 0)
		rc = json_load(&j, index, e);
	if (rc == 0) {
		rc = read_indexed(
		    n, dir, json_get(json_root(j), "weight_map"), have, x, e);
		if (rc < 0)
			rc = err_prefix(e, "%s", index);
		json_free(j);
	}
	free(have);
	free(x);
	return rc;
}

int
weights_load_folder(struct net *n, const char *dir, struct err *e)
{
	const struct weights_part part = {
		.prefix = "", .arena = n->params, .of = &n->p->params
	};
	char path[PATH_MAX];

	if (path_in(path, dir, STR("model.safetensors.index.json"), e) < 0)
		return e->code;
	if (access(path, F_OK) == 0)
		return load_indexed(n, dir, path, e);
	if (path_in(path, dir, STR("model.safetensors"), e) < 0)
		return e->code;
	return weights_load(n, path, &part, 1, NULL, e);
}

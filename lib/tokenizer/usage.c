/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "bpe.h"
#include "seam.h"
#include "uclass.h"

struct surveyor {
	const struct tokenizer *t;
	struct usage *u;
};

struct survey_worker {
	struct tokenizer_worker *own;
	struct ids ids;
};

/* What a worker tells of a part: this, language and host. */
struct survey_note {
	struct usage_count n;
	size_t language, host; /* bytes of their names */
};

void
usage_free(struct usage *u)
{
	free(u->v);
	free(u->index);
	free(u->met);
	arena_free(&u->names);
	*u = (struct usage){ 0 };
}

double
usage_bytes_per_token(const struct usage_count *n)
{
	return n->tokens ? (double)n->bytes / (double)n->tokens : 0;
}

/* ---- groups ---- */

static size_t
slot_of(const struct usage *u, struct str name, bool host)
{
	size_t at = hash64(name.p, name.n, host) & (u->nindex - 1);
	const struct usage_group *g;

	for (; u->index[at] != UINT32_MAX; at = (at + 1) & (u->nindex - 1)) {
		g = &u->v[u->index[at]];
		if (g->host == host && str_eq(g->name, name))
			break;
	}
	return at;
}

static int
grow_groups(struct usage *u, struct err *e)
{
	size_t cap = u->cap ? 2 * u->cap : 64, i;
	void *v = realloc(u->v, cap * sizeof(*u->v));
	uint32_t *index = malloc(2 * cap * sizeof(*index));

	if (v)
		u->v = v;
	if (!v || !index) {
		free(index);
		return err_nomem(e, "languages and hosts");
	}
	free(u->index);
	u->index = index;
	u->nindex = 2 * cap;
	u->cap = cap;
	memset(index, 0xff, 2 * cap * sizeof(*index));
	for (i = 0; i < u->n; i++)
		index[slot_of(u, u->v[i].name, u->v[i].host)] = (uint32_t)i;
	return 0;
}

static void
add_count(struct usage_count *to, const struct usage_count *n)
{
	to->texts += n->texts;
	to->bytes += n->bytes;
	to->chars += n->chars;
	to->tokens += n->tokens;
	to->unknown += n->unknown;
}

static int
add_to_group(struct usage *u, struct str name, bool host,
    const struct usage_count *n, struct err *e)
{
	size_t at;

	if (!name.n)
		return 0;
	if (u->n == u->cap && grow_groups(u, e) < 0)
		return e->code;
	at = slot_of(u, name, host);
	if (u->index[at] == UINT32_MAX && u->n >= USAGE_GROUPS) {
		name = STR("(others)");
		at = slot_of(u, name, host);
	}
	if (u->index[at] == UINT32_MAX) {
		name = arena_dup(&u->names, name);
		if (!name.p)
			return err_nomem(e, "languages and hosts");
		u->index[at] = (uint32_t)u->n;
		u->v[u->n++] = (struct usage_group){ name, host, { 0 } };
	}
	add_count(&u->v[u->index[at]].n, n);
	return 0;
}

static int
group_order(const void *a, const void *b)
{
	const struct usage_group *x = a, *y = b;

	if (x->host != y->host)
		return x->host - y->host;
	if (x->n.bytes != y->n.bytes)
		return x->n.bytes > y->n.bytes ? -1 : 1;
	return str_cmp(x->name, y->name);
}

void
usage_sort(struct usage *u)
{
	if (u->n)
		qsort(u->v, u->n, sizeof(*u->v), group_order);
	free(u->index);
	u->index = NULL;
	u->nindex = u->cap = 0;
}

/* ---- a part ---- */

/* The host of a URL, lower-cased into to; without "www.". */
static struct str
host_of(struct str url, char to[256])
{
	const char *p = memmem(url.p ? url.p : "", url.n, "://", 3);
	const char *end = url.p + url.n;
	size_t n = 0;

	if (!p)
		return (struct str){ NULL, 0 };
	for (p += 3; p < end && n < 255 && !strchr("/?#:", *p); p++) {
		if (*p == '@')
			n = 0;
		else
			to[n++] =
			    *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	}
	if (n > 4 && memcmp(to, "www.", 4) == 0)
		return (struct str){ to + 4, n - 4 };
	return (struct str){ to, n };
}

static uint64_t
count_chars(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	uint64_t n = 0;
	size_t len;

	for (; p < end; p += len, n++)
		utf8_strict(p, end, &len);
	return n;
}

static uint64_t
note_ids(const struct surveyor *v, const struct ids *ids)
{
	const struct bpe *b = tokenizer_bpe(v->t);
	uint32_t unk = b->sub.kind == SUBWORD_NONE ? BPE_NONE : b->sub.unk;
	uint64_t unknown = 0;
	size_t i;

	for (i = 0; i < ids->n; i++) {
		unknown += ids->v[i] == unk;
		if (!__atomic_load_n(&v->u->met[ids->v[i]], __ATOMIC_RELAXED))
			__atomic_store_n(
			    &v->u->met[ids->v[i]], 1, __ATOMIC_RELAXED);
	}
	return unknown;
}

static int
survey_part(void *ctx, void *worker, const struct text_part *t, struct emit *em,
    struct err *e)
{
	const struct surveyor *v = ctx;
	struct survey_worker *w = worker;
	struct survey_note note = { .language = t->language.n };
	char name[256];
	struct str host = host_of(t->url, name);

	w->ids.n = 0;
	if (tokenizer_encode(v->t, w->own, t->bytes, &w->ids, e) < 0)
		return e->code;
	note.n = (struct usage_count){ t->last, t->bytes.n,
		count_chars(t->bytes), w->ids.n, note_ids(v, &w->ids) };
	note.host = host.n;
	buf_put(&em->side, &note, sizeof(note));
	buf_str(&em->side, t->language);
	buf_str(&em->side, host);
	return 0;
}

static int
take_notes(void *ctx, struct str side, struct err *e)
{
	const struct surveyor *v = ctx;
	struct survey_note note;
	struct str language, host;

	while (side.n) {
		memcpy(&note, side.p, sizeof(note));
		language = (struct str){ side.p + sizeof(note), note.language };
		host = (struct str){ language.p + language.n, note.host };
		side.n -= sizeof(note) + language.n + host.n;
		side.p = host.p + host.n;
		add_count(&v->u->all, &note.n);
		if (add_to_group(v->u, language, false, &note.n, e) < 0 ||
		    add_to_group(v->u, host, true, &note.n, e) < 0)
			return e->code;
	}
	return 0;
}

/* ---- all of it ---- */

static void
survey_worker_free(void *worker)
{
	struct survey_worker *w = worker;

	tokenizer_worker_free(w->own);
	ids_free(&w->ids);
	free(w);
}

static void *
survey_worker_new(void *ctx, struct err *e)
{
	const struct surveyor *v = ctx;
	struct survey_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->own = tokenizer_worker_new(v->t, e);
	if (w->own)
		return w;
	free(w);
	return NULL;
}

int
usage_measure(struct usage *u, const struct tokenizer *t, struct texts *in,
    struct run *r, struct err *e)
{
	static const struct texts_ops ops = { survey_worker_new,
		survey_worker_free, survey_part, take_notes };
	struct surveyor v = { t, u };
	uint32_t id;
	int rc;

	u->met = calloc((size_t)tokenizer_vocab(t) + 1, 1);
	if (!u->met)
		return err_nomem(e, "the vocabulary");
	in->most = texts_most(r);
	rc = tokenizer_seams(&in->seams, t, e);
	if (rc == 0)
		rc = texts_run(in, &ops, &v, r, e);
	seams_free(in->seams);
	in->seams = NULL;
	for (id = 0; id < tokenizer_vocab(t); id++)
		u->nmet += u->met[id];
	usage_sort(u);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* Which documents a source has, and in which order. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/order.h"
#include "mix/source.h"

/* The documents of all shards on their way to those picked. */
struct picking {
	struct source *s;
	const char *recipe;
	uint64_t all;  /* documents of all shards */
	uint64_t *doc; /* (n): numbers of those still there */
	uint64_t n;
	double *v; /* (all): the numbers looked at */
};

/* p->v becomes the numbers `key` of all documents. */
static int
load_key(struct picking *p, const char *key, struct err *e)
{
	struct source *s = p->s;
	char digest[65];
	double *v;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (order_read(&s->shards[i], p->recipe, key, &v, digest, e) <
		    0)
			return e->code;
		memcpy(p->v + s->before[i], v, s->shards[i].docs * sizeof(*v));
		free(v);
		buf_printf(&s->keys, "order %s %s\n", key, digest);
	}
	return buf_ok(&s->keys, e);
}

static int
apply_bound(struct picking *p, const struct recipe_bound *b, struct err *e)
{
	uint64_t i, n = 0;
	double x;

	if (load_key(p, b->key.p, e) < 0)
		return e->code;
	for (i = 0; i < p->n; i++) {
		x = p->v[p->doc[i]];
		if (b->sign < 0 ? x <= b->v : x >= b->v)
			p->doc[n++] = p->doc[i];
	}
	p->n = n;
	buf_printf(&p->s->keys, "bound %s %d %.17g\n", b->key.p, b->sign, b->v);
	return 0;
}

/* A document with its number; those of equal numbers stay in their order. */
struct ranked {
	double v;
	uint64_t doc;
};

static int
by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->v != y->v)
		return x->v < y->v ? -1 : 1;
	return x->doc < y->doc ? -1 : x->doc > y->doc;
}

/* p->doc by p->v; falling: the largest first. */
static int
sort_docs(struct picking *p, bool falling, struct err *e)
{
	struct ranked *r = malloc(p->n * sizeof(*r) + 1);
	uint64_t i;

	if (!r)
		return err_nomem(e, "an order");
	for (i = 0; i < p->n; i++) {
		r[i].v = falling ? -p->v[p->doc[i]] : p->v[p->doc[i]];
		r[i].doc = p->doc[i];
	}
	qsort(r, p->n, sizeof(*r), by_value);
	for (i = 0; i < p->n; i++)
		p->doc[i] = r[i].doc;
	free(r);
	return 0;
}

static uint64_t
length(const struct source *s, uint64_t doc)
{
	size_t i = source_search(s->before, s->n, doc);

	return shard_idx_len(&s->shards[i].idx, doc - s->before[i]);
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* at / all >= r */
static bool
reaches(uint64_t at, uint64_t all, struct ratio r)
{
	return (unsigned __int128)at * r.den >= (unsigned __int128)all * r.num;
}

/* Documents that begin within the part of the tokens, as they stood before. */
static int
apply_part(struct picking *p, const struct recipe_pick *pick, struct err *e)
{
	uint64_t i, n = 0, at = 0, all = 0, here;

	if (load_key(p, pick->part.p, e) < 0 || sort_docs(p, false, e) < 0)
		return e->code;
	for (i = 0; i < p->n; i++)
		all += length(p->s, p->doc[i]);
	for (i = 0; i < p->n; i++, at += here) {
		here = length(p->s, p->doc[i]);
		if (reaches(at, all, pick->from) && !reaches(at, all, pick->to))
			p->doc[n++] = p->doc[i];
	}
	p->n = n;
	qsort(p->doc, n, sizeof(*p->doc), by_number);
	buf_printf(&p->s->keys, "part %s %llu/%llu %llu/%llu\n", pick->part.p,
	    (unsigned long long)pick->from.num,
	    (unsigned long long)pick->from.den,
	    (unsigned long long)pick->to.num, (unsigned long long)pick->to.den);
	return 0;
}

static int
apply_order(struct picking *p, const struct recipe_pick *pick, struct err *e)
{
	if (load_key(p, pick->order.p, e) < 0 ||
	    sort_docs(p, pick->falling, e) < 0)
		return e->code;
	buf_printf(&p->s->keys, "sorted %s %d\n", pick->order.p, pick->falling);
	return 0;
}

static int
apply_all(struct picking *p, const struct recipe_pick *pick, struct err *e)
{
	uint32_t i;

	for (i = 0; i < pick->nbound; i++)
		if (apply_bound(p, &pick->bounds[i], e) < 0)
			return e->code;
	if (pick->part.p && apply_part(p, pick, e) < 0)
		return e->code;
	if (pick->order.p && apply_order(p, pick, e) < 0)
		return e->code;
	if (p->n)
		return buf_ok(&p->s->keys, e);
	return err_set(e, ERR_CHECK,
	    "none of its %llu documents is within its bounds",
	    (unsigned long long)p->all);
}

/* Every document, and where the shards' begin. */
static int
begin(struct picking *p, struct err *e)
{
	struct source *s = p->s;
	uint64_t i;

	s->before = calloc(s->n + 1, sizeof(*s->before));
	if (!s->before)
		return err_nomem(e, "documents");
	for (i = 0; i < s->n; i++)
		s->before[i + 1] = s->before[i] + s->shards[i].docs;
	p->n = p->all = s->before[s->n];
	p->doc = malloc(p->n * sizeof(*p->doc) + 1);
	p->v = malloc(p->n * sizeof(*p->v) + 1);
	if (!p->doc || !p->v)
		return err_nomem(e, "documents");
	for (i = 0; i < p->n; i++)
		p->doc[i] = i;
	return 0;
}

/* The source becomes the documents picked. */
static int
settle(struct picking *p, struct err *e)
{
	struct source *s = p->s;
	uint64_t i;

	s->start = malloc((p->n + 1) * sizeof(*s->start));
	if (!s->start)
		return err_nomem(e, "documents");
	s->start[0] = 0;
	for (i = 0; i < p->n; i++)
		s->start[i + 1] = s->start[i] + length(s, p->doc[i]);
	s->tokens = s->start[p->n];
	s->docs = p->n;
	s->pick = p->doc;
	p->doc = NULL;
	return 0;
}

int
source_pick(struct source *s, const char *recipe,
    const struct recipe_pick *pick, struct err *e)
{
	struct picking p = { .s = s, .recipe = recipe };
	int rc;

	if (!pick->nbound && !pick->part.p && !pick->order.p)
		return 0;
	rc = begin(&p, e);
	if (rc == 0)
		rc = apply_all(&p, pick, e);
	if (rc == 0)
		rc = settle(&p, e);
	free(p.doc);
	free(p.v);
	return rc;
}

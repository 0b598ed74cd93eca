/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "extract/context.h"
#include "extract/forest.h"

enum {
	BINS = 256, /* of probabilities, to find the cut */
	BIN = FOREST_ONE / BINS,
	BREAK = 2, /* bytes that a block costs besides its own */
	PATH = 4,  /* elements of a path */
	SURE = FOREST_ONE * 4 / 5,
	NOWHERE = 1 << 20,
	NO_BLOCK = -9 * FOREST_ONE, /* odds beyond the ends of the page */
};

static const size_t windows[CONTEXT_WINDOWS] = { 2, 5, 12, 30 };

void
context_free(struct context *c)
{
	free(c->score);
	free(c->bytes);
	free(c->hits);
	free(c->since);
	free(c->to);
	free(c->slot);
	free(c->group);
}

static int
reserve(struct context *c, const struct page *p, struct err *e)
{
	size_t n = 2 * (p->nblock + 1), m = 256;

	if (c->cap >= p->nblock)
		return 0;
	context_free(c);
	while (m < n * CONTEXT_GROUPS)
		m *= 2;
	*c = (struct context){ .score = malloc(n * sizeof(*c->score)),
		.bytes = malloc(n * sizeof(*c->bytes)),
		.hits = malloc(n * sizeof(*c->hits)),
		.since = malloc(n * sizeof(*c->since)),
		.to = malloc(n * sizeof(*c->to)),
		.slot = malloc(n * sizeof(*c->slot)),
		.group = malloc(m * sizeof(*c->group)) };
	if (!c->score || !c->bytes || !c->hits || !c->since || !c->to ||
	    !c->slot || !c->group)
		return err_nomem(e, "a page");
	c->ngroup = m;
	c->cap = n - 1;
	return 0;
}

static uint64_t
weight(const struct block *b)
{
	return b->n + BREAK;
}

static uint64_t
hits_of(const struct block *b, int32_t score)
{
	return weight(b) * (uint64_t)score;
}

/* Sums are in 1/BINS of a byte. */
uint64_t
context_f1(const struct page *p, const int32_t *score)
{
	uint64_t bytes[BINS] = { 0 }, hits[BINS] = { 0 };
	uint64_t all = 0, kept = 0, right = 0, f, best = 0;
	size_t i;
	int b;

	for (i = 0; i < p->nblock; i++) {
		uint64_t h = hits_of(&p->block[i], score[i]) / BIN;

		b = score[i] / BIN;
		bytes[b] += weight(&p->block[i]) * BINS;
		hits[b] += h;
		all += h;
	}
	for (b = BINS; b > 0; b--) {
		if (!bytes[b - 1])
			continue;
		kept += bytes[b - 1];
		right += hits[b - 1];
		f = 2 * right * FOREST_ONE / (kept + all);
		best = f > best ? f : best;
	}
	return best;
}

/* Groups ----------------------------------------------------------------- */

/* Tags and classes of an element and of those around it. */
static uint64_t
path_of(const struct page *p, uint32_t e)
{
	uint64_t h = 0;
	int k;

	for (k = 0; k < PATH; k++) {
		const struct elem *x = &p->elem[e];

		h = mix64(h ^ ((uint64_t)x->tag << 32 | x->name));
		if (x->parent == NO_ELEM)
			break;
		e = x->parent;
	}
	return h;
}

static uint32_t
find_group(struct context *c, uint64_t key)
{
	size_t k = key & (c->ngroup - 1);

	while (c->group[k].key && c->group[k].key != key)
		k = (k + 1) & (c->ngroup - 1);
	c->group[k].key = key;
	return (uint32_t)k;
}

static void
find_groups(struct context *c, const struct page *p, const struct features *f)
{
	uint64_t key[CONTEXT_GROUPS];
	struct context_group *g;
	size_t i;
	int k;

	memset(c->group, 0, c->ngroup * sizeof(*c->group));
	for (i = 0; i < p->nblock; i++) {
		const struct block *b = &p->block[i];
		const struct elem *x = &p->elem[b->elem];
		uint64_t own = (uint64_t)x->tag << 16 | x->depth;

		/* Of a group of siblings, what stands alike within each. */
		key[0] = mix64((uint64_t)f->elem[b->elem].in << 32 | own);
		key[1] = mix64(f->elem[b->elem].out);
		key[2] = path_of(p, b->elem);
		for (k = 0; k < CONTEXT_GROUPS; k++) {
			c->slot[i][k] =
			    find_group(c, mix64(key[k] + (uint64_t)k) | 1);
			g = &c->group[c->slot[i][k]];
			g->bytes += weight(b);
			g->hits += hits_of(b, c->score[i]);
			g->count++;
		}
	}
}

/* The page --------------------------------------------------------------- */

static void
find_sums(struct context *c, const struct page *p)
{
	size_t i;

	c->top = 0;
	c->bytes[0] = c->hits[0] = 0;
	for (i = 0; i < p->nblock; i++) {
		c->score[i] = forest_probability(c->odds[i]);
		c->bytes[i + 1] = c->bytes[i] + weight(&p->block[i]);
		c->hits[i + 1] =
		    c->hits[i] + hits_of(&p->block[i], c->score[i]);
		if (c->top < c->score[i])
			c->top = c->score[i];
	}
	c->f1 = (int32_t)context_f1(p, c->score);
}

static void
find_sure(struct context *c, const struct page *p)
{
	uint32_t far = NOWHERE;
	size_t i;

	for (i = 0; i < p->nblock; i++) {
		far = c->score[i] > SURE ? 0 : far + (far < NOWHERE);
		c->since[i] = far;
	}
	for (far = NOWHERE; i-- > 0;) {
		far = c->score[i] > SURE ? 0 : far + (far < NOWHERE);
		c->to[i] = far;
	}
}

int
context_begin(struct context *c, const struct page *p, const struct features *f,
    const int32_t *odds, struct err *e)
{
	if (reserve(c, p, e) < 0)
		return e->code;
	c->odds = odds;
	find_sums(c, p);
	find_sure(c, p);
	find_groups(c, p, f);
	return 0;
}

/* A block ---------------------------------------------------------------- */

/* The mean probability of blocks [lo, hi). */
static int32_t
mean(const struct context *c, size_t lo, size_t hi)
{
	uint64_t n = c->bytes[hi] - c->bytes[lo];

	return n ? (int32_t)((c->hits[hi] - c->hits[lo]) / n) : 0;
}

static void
put_near(const struct context *c, const struct page *p, size_t i, int32_t *row)
{
	size_t k;

	for (k = 1; k <= CONTEXT_NEAR; k++) {
		row[C_BEFORE + k - 1] = i >= k ? c->odds[i - k] : NO_BLOCK;
		row[C_BEHIND + k - 1] =
		    i + k < p->nblock ? c->odds[i + k] : NO_BLOCK;
	}
	for (k = 0; k < CONTEXT_WINDOWS; k++) {
		size_t lo = i < windows[k] ? 0 : i - windows[k];
		size_t hi = i + windows[k] + 1;

		row[C_WINDOW + k] =
		    mean(c, lo, hi < p->nblock ? hi : p->nblock);
	}
}

static void
put_groups(
    const struct context *c, const struct page *p, size_t i, int32_t *row)
{
	uint32_t e = p->block[i].elem;
	int k;

	for (k = 0; k < CONTEXT_GROUPS; k++) {
		const struct context_group *g = &c->group[c->slot[i][k]];

		row[C_GROUP + 2 * k] = (int32_t)(g->hits / g->bytes);
		row[C_GROUP + 2 * k + 1] = (int32_t)g->count;
	}
	for (k = 0; k < FEATURE_LEVELS; k++) {
		row[C_LEVEL + k] = mean(c, p->elem[e].first, p->elem[e].last);
		e = p->elem[e].parent == NO_ELEM ? e : p->elem[e].parent;
	}
}

void
context_row(const struct context *c, const struct page *p, size_t i,
    int32_t row[CONTEXT_FEATURES])
{
	uint64_t all = c->hits[p->nblock] / FOREST_ONE;

	row[C_ODDS] = c->odds[i];
	put_near(c, p, i, row);
	put_groups(c, p, i, row);
	row[C_AT] = all ? (int32_t)(c->hits[i] / all) : 0;
	row[C_SINCE] = (int32_t)c->since[i];
	row[C_TO] = (int32_t)c->to[i];
	row[C_TOP] = c->top;
	row[C_SHARE] = mean(c, 0, p->nblock);
	row[C_F1] = c->f1;
	row[C_BYTES] = all < INT32_MAX ? (int32_t)all : INT32_MAX;
}

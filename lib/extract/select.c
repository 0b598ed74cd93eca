/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/forest.h"
#include "extract/select.h"

enum {
	MIN_BLOCKS = 25, /* of a page that is looked at block by block */
	MAX_BLOCKS = 20000,
	MAX_ELEMS = 100000,
	BINS = 256, /* of probabilities, to find the cut */
	BREAK = 2,  /* bytes that a block costs besides its own */
};

void
select_free(struct select *s)
{
	rules_free(&s->rules);
	features_free(&s->features);
	free(s->keep);
	free(s->score);
}

const char *
page_kind_name(enum page_kind k)
{
	static const char *const names[] = { "article", "documentation",
		"forum", "product", "listing", "service", "collection",
		"unknown" };

	return names[k];
}

static int
reserve(struct select *s, const struct page *p, struct err *e)
{
	size_t n = 2 * p->nblock;

	if (s->cap >= p->nblock)
		return 0;
	s->cap = 0;
	free(s->keep);
	free(s->score);
	s->keep = malloc(n * sizeof(*s->keep));
	s->score = malloc(n * sizeof(*s->score));
	if (!s->keep || !s->score)
		return err_nomem(e, "a page");
	s->cap = n;
	return 0;
}

/* Rows of blocks from i on as columns; those of the page are there. */
static size_t
fill_columns(const struct select *s, const struct page *p, size_t i,
    int32_t x[FEATURES][FOREST_ROWS])
{
	size_t n = p->nblock - i, r, k;
	int32_t row[FEATURES];

	n = n < FOREST_ROWS ? n : FOREST_ROWS;
	for (r = 0; r < n; r++) {
		features_row(&s->features, p, &s->rules, i + r, row);
		for (k = 0; k < FEATURES_OF_BLOCK; k++)
			x[k][r] = row[k];
	}
	return n;
}

/*
 * The forest weighs pages of all kinds.  Articles and products are surer than
 * it takes them for: theirs are few blocks that matter, and long ones.
 * (Factor: cross-validated.)
 */
static int32_t
sharper(enum page_kind kind, int32_t odds)
{
	bool sure = kind == PAGE_ARTICLE || kind == PAGE_PRODUCT;

	return sure ? (int32_t)((int64_t)odds * 13 / 10) : odds;
}

/* By s->kind. */
static void
score_blocks(struct select *s, const struct page *p)
{
	int32_t x[FEATURES][FOREST_ROWS] = { { 0 } }, votes[FOREST_ROWS];
	size_t i, n, r, k;

	for (k = FEATURES_OF_BLOCK; k < FEATURES; k++)
		for (r = 0; r < FOREST_ROWS; r++)
			x[k][r] = s->features.page[k];
	for (i = 0; i < p->nblock; i += n) {
		n = fill_columns(s, p, i, x);
		forest_votes((const int32_t(*)[FOREST_ROWS])x, votes);
		for (r = 0; r < n; r++)
			s->score[i + r] =
			    forest_probability(sharper(s->kind, votes[r]));
	}
}

static enum page_kind
find_kind(const struct select *s)
{
	int32_t top = INT32_MIN, v;
	int k, best = 0;

	for (k = 0; k < PAGE_KINDS; k++) {
		v = forest_vote(&forest_kind, k, s->features.page);
		if (v > top) {
			top = v;
			best = k;
		}
	}
	return (enum page_kind)best;
}

/*
 * The cut at which the expected F1 is best is half that F1.  Where much is
 * expected, what is unsure is mostly boilerplate that readers mind more than
 * the sum does: there the cut rises.  (Slope and start: cross-validated.)
 */
static int32_t
cut_of(uint64_t f1)
{
	uint64_t start = FOREST_ONE * 3 / 4, cut = f1 / 2;

	if (f1 > start)
		cut += f1 * (f1 - start) * 6 / 5 / FOREST_ONE;
	return (int32_t)cut;
}

/* By the best F1 that any cut promises: bytes in sums by probability. */
static int32_t
find_cut(const struct select *s, const struct page *p)
{
	uint64_t bytes[BINS] = { 0 }, hits[BINS] = { 0 };
	uint64_t all = 0, kept = 0, right = 0, f, best = 0;
	size_t i;
	int b;

	for (i = 0; i < p->nblock; i++) {
		uint64_t n = p->block[i].n + BREAK;

		b = s->score[i] / (FOREST_ONE / BINS);
		bytes[b] += n;
		hits[b] += n * (uint64_t)s->score[i] / FOREST_ONE;
		all += n * (uint64_t)s->score[i] / FOREST_ONE;
	}
	for (b = BINS; b > 0; b--) {
		kept += bytes[b - 1];
		right += hits[b - 1];
		if (kept + all == 0)
			continue;
		f = 2 * right * FOREST_ONE / (kept + all);
		best = f > best ? f : best;
	}
	return cut_of(best);
}

/* Precision wants to be surer of each block; recall takes what may be. */
static int32_t
cut_for(int32_t cut, enum select_mode mode)
{
	if (mode == SELECT_PRECISION)
		return cut + (FOREST_ONE - cut) / 3;
	return mode == SELECT_RECALL ? cut / 3 : cut;
}

/* The forest's choice; the number of blocks kept. */
static size_t
choose(struct select *s, const struct page *p, enum select_mode mode)
{
	int32_t cut;
	size_t i, n = 0;

	s->kind = find_kind(s);
	score_blocks(s, p);
	cut = cut_for(find_cut(s, p), mode);
	for (i = 0; i < p->nblock; i++) {
		s->keep[i] = s->score[i] > cut;
		n += s->keep[i];
	}
	return n;
}

int
select_main(struct select *s, const struct page *p, enum select_mode mode,
    struct err *e)
{
	bool judged = p->nblock >= MIN_BLOCKS && p->nblock <= MAX_BLOCKS &&
		      p->nelem <= MAX_ELEMS;
	size_t n = 0;

	s->kind = PAGE_UNKNOWN;
	if (rules_apply(&s->rules, p, judged ? SELECT_BALANCED : mode, e) < 0 ||
	    reserve(s, p, e) < 0)
		return e->code;
	if (!p->nblock)
		return 0;
	if (judged) {
		if (features_begin(&s->features, p, &s->rules, e) < 0)
			return e->code;
		n = choose(s, p, mode);
	} else if (s->rules.prose[p->nblock]) {
		s->kind = PAGE_ARTICLE;
	}
	if (!n)
		memcpy(s->keep, s->rules.keep, p->nblock);
	return 0;
}

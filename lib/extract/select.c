/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/select.h"

enum {
	MIN_BLOCKS = 25, /* of a page that is looked at block by block */
	MAX_BLOCKS = 20000,
	MAX_ELEMS = 100000,
};

void
select_free(struct select *s)
{
	rules_free(&s->rules);
	features_free(&s->features);
	context_free(&s->context);
	free(s->rows);
	free(s->odds);
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

static size_t
batches(size_t blocks)
{
	return (blocks + FOREST_ROWS - 1) / FOREST_ROWS;
}

static int
reserve(struct select *s, const struct page *p, struct err *e)
{
	size_t n = 2 * batches(p->nblock);

	if (s->cap >= p->nblock)
		return 0;
	s->cap = 0;
	free(s->keep);
	free(s->score);
	free(s->rows);
	free(s->odds);
	s->keep = malloc(n * FOREST_ROWS * sizeof(*s->keep));
	s->score = malloc(n * FOREST_ROWS * sizeof(*s->score));
	s->rows = malloc(n * sizeof(*s->rows));
	s->odds = malloc(n * FOREST_ROWS * sizeof(*s->odds));
	if (!s->keep || !s->score || !s->rows || !s->odds)
		return err_nomem(e, "a page");
	s->cap = n * FOREST_ROWS;
	return 0;
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

/* Columns of what forests are asked about, one batch of blocks. */
typedef int32_t columns[FEATURES + CONTEXT_FEATURES][FOREST_ROWS];

static void
put_columns(int32_t x[][FOREST_ROWS], size_t r, const int32_t *row, size_t n)
{
	size_t k;

	for (k = 0; k < n; k++)
		x[k][r] = row[k];
}

/* The page's features are the same for all rows. */
static void
put_page(const struct select *s, columns x)
{
	size_t r;

	memset(x, 0, sizeof(columns));
	for (r = 0; r < FOREST_ROWS; r++)
		put_columns(x + FEATURES_OF_BLOCK, r,
		    s->features.page + FEATURES_OF_BLOCK,
		    FEATURES - FEATURES_OF_BLOCK);
}

static size_t
rows_from(const struct page *p, size_t i)
{
	size_t n = p->nblock - i;

	return n < FOREST_ROWS ? n : FOREST_ROWS;
}

/* Each block by itself. */
static void
first_opinion(struct select *s, const struct page *p, columns x)
{
	int32_t row[FEATURES];
	size_t i, r;

	for (i = 0; i < p->nblock; i += FOREST_ROWS) {
		for (r = 0; r < rows_from(p, i); r++) {
			features_row(&s->features, p, &s->rules, i + r, row);
			put_columns(x, r, row, FEATURES_OF_BLOCK);
		}
		memcpy(s->rows[i / FOREST_ROWS], x, sizeof(*s->rows));
		forest_votes(FOREST_BLOCK, (const int32_t(*)[FOREST_ROWS])x,
		    s->odds + i);
	}
}

/* By what the first says of its surroundings, and s->kind. */
static void
second_opinion(struct select *s, const struct page *p, columns x)
{
	int32_t row[CONTEXT_FEATURES], votes[FOREST_ROWS];
	size_t i, r;

	for (i = 0; i < p->nblock; i += FOREST_ROWS) {
		memcpy(x, s->rows[i / FOREST_ROWS], sizeof(*s->rows));
		for (r = 0; r < rows_from(p, i); r++) {
			context_row(&s->context, p, i + r, row);
			put_columns(x + FEATURES, r, row, CONTEXT_FEATURES);
		}
		forest_votes(
		    FOREST_CONTEXT, (const int32_t(*)[FOREST_ROWS])x, votes);
		for (r = 0; r < FOREST_ROWS; r++)
			s->score[i + r] =
			    forest_probability(sharper(s->kind, votes[r]));
	}
}

static int
score_blocks(struct select *s, const struct page *p, struct err *e)
{
	columns x;

	put_page(s, x);
	first_opinion(s, p, x);
	if (context_begin(&s->context, p, &s->features, s->odds, e) < 0)
		return e->code;
	second_opinion(s, p, x);
	return 0;
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

/* Precision wants to be surer of each block; recall takes what may be. */
static int32_t
cut_for(int32_t cut, enum select_mode mode)
{
	if (mode == SELECT_PRECISION)
		return cut + (FOREST_ONE - cut) / 3;
	return mode == SELECT_RECALL ? cut / 3 : cut;
}

/* The forests' choice; n: the number of blocks kept. */
static int
choose(struct select *s, const struct page *p, enum select_mode mode, size_t *n,
    struct err *e)
{
	int32_t cut;
	size_t i;

	if (features_begin(&s->features, p, &s->rules, e) < 0)
		return e->code;
	s->kind = find_kind(s);
	if (score_blocks(s, p, e) < 0)
		return e->code;
	cut = cut_for(cut_of(context_f1(p, s->score)), mode);
	for (i = 0; i < p->nblock; i++) {
		s->keep[i] = s->score[i] > cut;
		*n += s->keep[i];
	}
	return 0;
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
		if (choose(s, p, mode, &n, e) < 0)
			return e->code;
	} else if (s->rules.prose[p->nblock]) {
		s->kind = PAGE_ARTICLE;
	}
	if (!n)
		memcpy(s->keep, s->rules.keep, p->nblock);
	return 0;
}

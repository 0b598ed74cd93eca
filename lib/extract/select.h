/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_SELECT_H
#define EXTRACT_SELECT_H

#include "extract/context.h"
#include "extract/feature.h"
#include "extract/forest.h"
#include "extract/page.h"
#include "extract/rules.h"

struct err;

/*
 * The main content of a page: which of its blocks to keep, and what kind of
 * page it is.
 *
 * The rules (rules.h) always run.  What they found, and all else that is
 * known of each block (feature.h), is put to a forest (forest.h), which gives
 * the block's odds to be content.  A second forest is told all that and what
 * the first says of the surroundings (context.h), and gives the probability,
 * surer on some kinds of page.  Blocks are kept above the cut at which the
 * expected F1 of the page, by bytes, is best (half that F1, and more on pages
 * of which much is sure).  So a listing is cut lower than a plain article.
 *
 * Pages of few blocks, on which there is nothing to learn from, and of very
 * many are left to the rules; then the kind is article if they have prose.
 *
 * Source for the cut: Ye, Chai, Lee and Chieu, "Optimizing F-measures: a tale
 * of two approaches", ICML 2012.
 */
enum page_kind {
	PAGE_ARTICLE,
	PAGE_DOCUMENTATION,
	PAGE_FORUM,
	PAGE_PRODUCT,
	PAGE_LISTING,
	PAGE_SERVICE,
	PAGE_COLLECTION,
	PAGE_KINDS,
	PAGE_UNKNOWN = PAGE_KINDS
};
/* "article" ..., "unknown". */
const char *page_kind_name(enum page_kind k);

struct select {
	struct rules rules;
	struct features features;
	struct context context;
	int32_t (*rows)[FEATURES_OF_BLOCK][FOREST_ROWS]; /* of each batch */
	int32_t *odds;  /* (batches * FOREST_ROWS) the first opinion */
	uint8_t *keep;  /* (nblock) 1: main content */
	int32_t *score; /* (likewise) probability of it, FOREST_ONE is 1 */
	size_t cap;
	enum page_kind kind;
};
void select_free(struct select *s);

/* Fills s->keep and s->kind.  ERR_NOMEM. */
int select_main(struct select *s, const struct page *p, enum select_mode mode,
    struct err *e);

#endif

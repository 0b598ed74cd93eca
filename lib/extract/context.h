/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_CONTEXT_H
#define EXTRACT_CONTEXT_H

#include "extract/feature.h"

struct err;

/*
 * What a first opinion of all blocks (forest_block's odds) says of the
 * surroundings of each, as whole numbers for a second (forest_context).
 *
 * A block alone often can't be told: the teaser of another article reads like
 * the first lines of this one.  That the blocks of its shape are headings and
 * links on the whole, or that all the sure text lies behind it, can.
 *
 *	near       the odds of the blocks before and behind
 *	windows    the mean probability around it
 *	groups     that of the blocks of its shape and of its path of tags and
 *	           classes, and how many they are
 *	levels     that of the elements around it
 *	place      how much of what is expected stands before it, how far the
 *	           next sure blocks are
 *	page       how much is expected, how surely
 *
 * Means are weighted by bytes; probabilities and shares are in 1/FOREST_ONE.
 * Source: Cohen and Carvalho, "Stacked sequential learning", IJCAI 2005.
 */
enum { CONTEXT_NEAR = 3, CONTEXT_WINDOWS = 4, CONTEXT_GROUPS = 3 };
enum context_feature {
	C_ODDS,
	C_BEFORE,
	C_BEHIND = C_BEFORE + CONTEXT_NEAR,
	C_WINDOW = C_BEHIND + CONTEXT_NEAR,
	C_GROUP = C_WINDOW + CONTEXT_WINDOWS, /* mean, blocks */
	C_LEVEL = C_GROUP + 2 * CONTEXT_GROUPS,
	C_AT = C_LEVEL + FEATURE_LEVELS, /* share of what is expected */
	C_SINCE,                         /* blocks from a sure one */
	C_TO,
	C_TOP, /* of the page: the best probability, */
	C_SHARE,
	C_F1,
	C_BYTES,
	CONTEXT_FEATURES,
};

/* Blocks alike in one way. */
struct context_group {
	uint64_t key; /* 0: an empty slot */
	uint64_t bytes, hits;
	uint32_t count;
};

/* Scratch memory of one thread; all zeros is fine. */
struct context {
	const int32_t *odds; /* (nblock), the caller's */
	int32_t *score;      /* (nblock) their probabilities */
	uint64_t *bytes;     /* (nblock + 1) prefix sums */
	uint64_t *hits;      /* of bytes times probability */
	uint32_t *since, *to;
	uint32_t (*slot)[CONTEXT_GROUPS]; /* of each block in group */
	struct context_group *group;      /* hash table */
	size_t ngroup, cap;
	int32_t top, f1;
};
void context_free(struct context *c);

/*
 * Look at a page once.  f: after features_begin() of it; odds: (nblock), read
 * until the last context_row().  ERR_NOMEM.
 */
int context_begin(struct context *c, const struct page *p,
    const struct features *f, const int32_t *odds, struct err *e);
/* Of block i. */
void context_row(const struct context *c, const struct page *p, size_t i,
    int32_t row[CONTEXT_FEATURES]);

/*
 * The best F1, by bytes, that keeping all blocks above some cut promises if
 * each is content with its probability: 0 to FOREST_ONE.  score: (nblock).
 */
uint64_t context_f1(const struct page *p, const int32_t *score);

#endif

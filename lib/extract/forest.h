/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_FOREST_H
#define EXTRACT_FOREST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Boosted decision trees over whole numbers (feature.h), as constant tables
 * that tests/bench/extract_grow.py has written: forest_block.c says whether a
 * block is content, forest_context.c says it again when the first opinion of
 * all blocks is known (context.h), forest_kind.c what kind a page is of.
 *
 * Values are fixed-point with FOREST_ONE as 1, so that all machines add them
 * up alike.
 * Source: Friedman, "Greedy function approximation: a gradient boosting
 * machine", Annals of Statistics 29(5), 2001.
 */
enum { FOREST_ONE = 1 << 16 };

/* x[feature] <= threshold goes left; a child < 0 is leaf ~child. */
struct forest_node {
	int32_t threshold;
	int16_t feature, child[2]; /* left, right */
};

struct forest {
	const struct forest_node *node;
	const int32_t *leaf;
	const int16_t *root; /* (trees): a node, or a leaf as ~leaf */
	int trees;
	int classes; /* tree t votes for class t % classes */
};

extern const struct forest forest_block;   /* 1 class: log odds of content */
extern const struct forest forest_context; /* likewise */
extern const struct forest forest_kind;    /* PAGE_KINDS classes */

/* The sum of the votes for one class. */
int32_t forest_vote(const struct forest *f, int class, const int32_t *x);

/*
 * The votes of forest_block or forest_context on FOREST_ROWS blocks at once:
 * x[k][r] is feature k of block r.  A tree has at most 32 leaves.
 * Source: Lucchese et al., "QuickScorer: a fast algorithm to rank documents
 * with additive ensembles of regression trees", SIGIR 2015.
 */
enum { FOREST_ROWS = 16 };
enum forest_of_blocks { FOREST_BLOCK, FOREST_CONTEXT, FORESTS_OF_BLOCKS };
void forest_votes(enum forest_of_blocks which, const int32_t x[][FOREST_ROWS],
    int32_t sum[FOREST_ROWS]);
/* Once in the process, before forest_votes(); html_init() does it. */
void forest_init(void);

/* Log odds to a probability, in 1/FOREST_ONE; grows with the odds. */
int32_t forest_probability(int32_t odds);

#endif

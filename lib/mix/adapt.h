/* SPDX-License-Identifier: MIT */
#ifndef MIX_ADAPT_H
#define MIX_ADAPT_H

#include <stdint.h>

#include "io/feedback.h"
#include "mix/recipe.h"

struct err;

/*
 * Shares that follow losses: from what k sources came to in an interval of
 * steps, their shares in the next one.  The arithmetic is double, in a fixed
 * order; what follows from it is written down (mix/journal.h), so that a run
 * is replayed without computing it again.
 *
 * L_i is the mean loss of source i in the interval; rate is eta, smooth c.
 *
 * doremi  l_i = max(L_i - reference_i, 0), 0 if it had no rows;
 *	p_i <- (1 - c) p_i exp(eta l_i) / sum + c / k.  `more` adds up the p, so
 *	that more / updates is the mean that the method's second run uses.
 *	Here p is what sources are read by, where the paper reads them evenly
 *	and weighs their losses by p; excess is of a source's mean loss, not of
 *	each token's.
 *	Source: Xie et al., "DoReMi", 2023, algorithm 1.
 * odm  r_i = (sum of losses of i / all targets) / p_i;
 *	more_i <- c more_i + (1 - c) r_i; with K = k, t updates done and e_t =
 *	min(1 / K, sqrt(ln K / (K t))):
 *	p_i <- (1 - K e_(t+1)) exp(eta e_t more_i) / sum + e_(t+1).
 *	Source: Albalak et al., "Efficient online data mixing for language model
 *	pre-training", 2023, algorithm 1 (EXP3).
 * skill-it  p_i <- (1 - c) p_i exp(eta sum_j matrix_ij L_j) / sum + c / k, with
 *	the last L_j that is known (more); of training losses, where the paper
 *	measures on held-out ones.
 *	Source: Chen et al., "Skill-it! A data-driven skills framework", 2023,
 *	algorithm 1.
 */
struct adapt {
	const struct recipe_adapt *how;
	uint32_t k;
	uint64_t updates;
	double *p;    /* (k): shares */
	double *more; /* (k) */
	/* From the file of the recipe's line, (k) or (k, k); or NULL. */
	const double *reference, *matrix;
};

/* Begin with the shares p, (k), k <= ADAPT_MOST, copied.  adapt_free() in any
 * case. */
int adapt_begin(struct adapt *a, const struct recipe_adapt *how, uint32_t k,
    const double *p, struct err *e);
void adapt_free(struct adapt *a);
/* An interval is over: seen is (k). */
void adapt_update(struct adapt *a, const struct source_loss *seen);

/* Shares as numbers of parts. */
enum { ADAPT_PARTS = 1000000000, ADAPT_LEAST = 1000, ADAPT_MOST = 4096 };
/*
 * p, (k), but p_i at most limit_i (what they leave goes to the others, as far
 * as they can take it), in ADAPT_PARTS, at least ADAPT_LEAST each, by largest
 * remainders: w is (k).  k <= ADAPT_MOST.
 */
int adapt_parts(const double *p, const double *limit, uint32_t k, uint64_t *w,
    struct err *e);

#endif

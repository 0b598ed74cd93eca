/* SPDX-License-Identifier: MIT */
#ifndef MIX_PLAN_H
#define MIX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mix/blend.h"
#include "mix/recipe.h"

struct err;

/*
 * A recipe and the sizes of its sources worked out: steps, rows, and which
 * tokens of a source each of its rows holds, all in closed form.
 *
 * Tokens to rows.  A source is the tokens of its shards, N of them, one after
 * the other.  It is cut into blocks of L tokens, L being the least common
 * multiple of the sequence lengths of the phases that use it (so with one
 * sequence length a block is a row).  An epoch has (N - 1) / L blocks: each
 * needs the token behind it as last target.  What is left over, less than a
 * block, is cut off at another place in each epoch.  Each epoch has its own
 * order of the blocks, a keyed permutation.
 *
 * A phase takes the source's blocks from where the phase before it stopped, in
 * the epoch's order.  With k = L / T rows a block (T the phase's sequence
 * length), the whole blocks that a phase takes from an epoch are cut into rows
 * and all of these shuffled among themselves; a block of which it needs only
 * some rows comes last, its rows in order, and the next phase goes on within
 * it.  What such a block still has when it is too short for one row of the
 * next phase is left out, and counted.  So within an epoch no token is an
 * input twice, and what is left out is less than a block at each change.
 *
 * A source with an order has its blocks as they stand, each epoch from the
 * beginning; what is left over is the end.
 *
 * Everything depends on (seed, source's name, epoch, place in the recipe) and
 * on what comes before, so that lines added behind a phase leave it as it is,
 * as long as L stays.
 */
struct plan_source {
	const char *name;
	uint64_t tokens; /* N */
	uint64_t block;  /* L; 0: no phase uses it */
	uint64_t blocks; /* an epoch */
	uint64_t key;    /* from its name */
	bool ordered;    /* blocks as they stand, in every epoch */
	/* Over the whole run: */
	uint64_t used;       /* tokens that are inputs */
	uint64_t skipped;    /* tokens left out at changes of phase */
	struct ratio epochs; /* how far it gets; den is tokens an epoch */
};

/* From a step of a phase on, all its steps have so many rows. */
struct plan_batch {
	uint64_t step, row; /* in the phase */
	uint32_t rows;
};

/* What a phase takes of one source. */
struct plan_share {
	uint32_t source;
	uint64_t rows;  /* in the phase */
	uint64_t epoch; /* where it begins: the epoch ... */
	uint64_t at;    /* ... and tokens into its blocks */
	uint64_t first; /* rows that come from that epoch */
};

struct plan_phase {
	const char *name;
	uint64_t asked; /* tokens */
	uint32_t seq;   /* T */
	uint64_t first_step, steps;
	uint64_t rows; /* of all its steps */
	uint64_t tokens_before;
	struct plan_batch *batches; /* more than one where the size changes */
	uint32_t nbatch;
	struct plan_share *shares; /* as blend's sources */
	struct blend blend;
	double lr[2], lr_part[2]; /* as in the recipe */
	enum recipe_curve curve;
	uint32_t line;
};

struct plan {
	struct arena arena; /* owns everything below */
	uint64_t seed;
	struct plan_source *sources;
	uint32_t nsource;
	struct plan_phase *phases;
	uint32_t nphase;
	uint64_t steps, tokens;
	/* Why it cannot be run: lines, each with the recipe's file and line. */
	struct buf problems;
	uint32_t nproblem;
};

/*
 * tokens is (r->nsource): the tokens of each source.  A plan that cannot be
 * run is still worked out as far as it goes, with its problems listed.  r
 * must outlive the plan; plan_free() in any case.
 */
int plan_make(struct plan *p, const struct recipe *r, const uint64_t *tokens,
    struct err *e);
void plan_free(struct plan *p);

/* The phase of a step < p->steps. */
const struct plan_phase *plan_phase_of(const struct plan *p, uint64_t step);

/* Where the batch of a phase's step, or of one of its rows, comes from. */
const struct plan_batch *
plan_batch_of(const struct plan_phase *ph, uint64_t step);
const struct plan_batch *
plan_batch_of_row(const struct plan_phase *ph, uint64_t row);

/* The part of a phase's rows that its i-th source has. */
double plan_mean(const struct blend *b, uint32_t i);
/* What the learning rate is multiplied by at a step of the phase. */
double plan_lr(const struct plan_phase *ph, uint64_t step);

/* Private: one more reason why the plan can't be run. */
void plan_problem(struct plan *p, const struct recipe *r, uint32_t line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Private: rows of each source of the phase, then all assertions. */
int plan_shares(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    const struct recipe_phase *from, struct err *e);
void plan_claims(struct plan *p, const struct recipe *r);
/* Private: the steps of the next phase. */
int plan_steps(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    const struct recipe_phase *from, struct err *e);

/* Where a row stands in its source. */
struct plan_row {
	uint64_t epoch;
	uint64_t token; /* its first; its T + 1 tokens are consecutive */
};

/* Row `rank` < shares[i].rows of a phase's i-th source.  Thread-safe. */
struct plan_row plan_row(const struct plan *p, const struct plan_phase *ph,
    uint32_t i, uint64_t rank);
/*
 * The inverse: is `token` an input of this phase in that epoch?  If so *rank
 * gets the row and *column where in it.
 */
bool plan_find(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t token, uint64_t *rank, uint64_t *column);
/* The last epoch that the phase's i-th source reaches. */
uint64_t
plan_last_epoch(const struct plan *p, const struct plan_phase *ph, uint32_t i);

#endif

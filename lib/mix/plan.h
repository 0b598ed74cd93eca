/* SPDX-License-Identifier: MIT */
#ifndef MIX_PLAN_H
#define MIX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mix/blend.h"
#include "mix/pack.h"
#include "mix/recipe.h"
#include "mix/shuffle.h"

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
 * A source that is packed (mix/pack.h) has windows of documents in the place of
 * blocks: an epoch has its own order of them, and a phase takes windows from
 * where the phase before it stopped, packs each for its T and shuffles the
 * rows.  Of the last one it may need only some rows; the next phase goes on
 * with the documents that these have not got.  So within an epoch no token is
 * a target twice and nothing is left out.
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
	uint64_t padding;    /* of `used`: no targets, since rows are packed */
	struct ratio epochs; /* how far it gets; den is tokens an epoch */
	/* Packed, or NULL; and its windows for each T that it is read with. */
	const struct pack *pack;
	struct plan_counts *counts;
	uint32_t ncount;
};

/* Rows and targets of a packed source's windows. */
struct plan_counts {
	uint32_t seq;
	uint32_t *rows;
	uint64_t *targets;
	uint64_t *ends; /* (windows): rows of all up to this one */
	uint64_t all;   /* rows of an epoch */
};

/*
 * What a phase takes of a packed source's epochs, one of them in part or some
 * whole.  The windows `first` .. first + windows - 1 of the epoch's order (of
 * whole epochs: by their numbers); of the first one cuts have been read.
 */
struct plan_run {
	uint64_t epoch, epochs; /* epochs > 1: whole ones */
	bool whole;
	uint64_t first, windows;
	const struct pack_cut *cuts;
	uint32_t ncut;
	uint64_t before;      /* rows of the share in the runs before */
	uint64_t rows;        /* an epoch */
	const uint64_t *ends; /* (windows): rows up to this one; rows cuts it */
};

/* From a step of a phase on, all its steps have so many rows. */
struct plan_batch {
	uint64_t step, row; /* in the phase */
	uint32_t rows;
};

/*
 * What a phase takes of one source.  A phase that a change ended (plan_change)
 * was planned to have more rows, and those it has stand as they did then.
 */
struct plan_share {
	uint32_t source;
	uint64_t rows;    /* in the phase */
	uint64_t planned; /* >= rows */
	uint64_t epoch;   /* where it begins: the epoch ... */
	uint64_t at;      /* ... and tokens into its blocks */
	uint64_t first;   /* rows planned that come from that epoch */
	/* Instead of these three, of a packed source: */
	struct plan_run *runs;
	uint32_t nrun;
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
	struct blend blend;        /* of its rows, or of more: see above */
	/* As in the recipe; its first row is the lr_first-th of lr_rows. */
	double lr[2], lr_part[2];
	uint64_t lr_first, lr_rows;
	enum recipe_curve curve;
	struct recipe_objective objective; /* TASK_NONE: each source's own */
	uint32_t id;  /* the recipe's phase that it is of */
	bool changed; /* its shares are not the recipe's */
	uint32_t line;
};

/* From a step on to the end of its phase, other shares: w over d. */
struct plan_change {
	uint64_t step;
	uint32_t k;
	const uint32_t *source; /* (k), each once */
	const uint64_t *w;      /* (k), > 0, adding up to d < 2^62 */
	uint64_t d;
};

/* Where a source stands. */
struct plan_place {
	uint64_t epoch, at; /* tokens into its blocks; or targets */
	uint64_t window;    /* in the epoch's order */
	struct pack_cut *cuts;
	uint32_t ncut;
};

/* What is settled of a source before a phase. */
struct plan_taken {
	struct plan_place place;
	uint64_t used, skipped, padding;
};

struct plan {
	struct arena arena; /* owns everything below */
	uint64_t seed;
	struct plan_source *sources;
	uint32_t nsource;
	struct plan_phase *phases;
	uint32_t nphase, phase_room;
	uint64_t steps, tokens;
	/* Rows of a block stay together: changes may come at any step, and
	 * then nothing has to be left out. */
	bool in_blocks;
	/* Private: what is settled before phases[settled], (nsource). */
	struct plan_taken *taken;
	uint32_t settled;
	uint64_t last_change;  /* step */
	size_t phase_problems; /* of problems: those of phases, not of all */
	uint32_t nphase_problem;
	/* Why it cannot be run: lines, each with the recipe's file and line. */
	struct buf problems;
	uint32_t nproblem;
};

/*
 * tokens is (r->nsource): the tokens of each source; packs the same: how each
 * is packed, kind PACK_CUT if it is not (NULL: none is).  A plan that cannot be
 * run is still worked out as far as it goes, with its problems listed.  r
 * and packs must outlive the plan; plan_free() in any case.
 */
int plan_make(struct plan *p, const struct recipe *r, const uint64_t *tokens,
    const struct pack *packs, struct err *e);
void plan_free(struct plan *p);
/*
 * Change the shares from a step on, in the phase that it is in (all stages of
 * its line that are left).  Rows before that step stay what they were, to the
 * token.  Changes come in the order of their steps; plan_settle() has to
 * follow the last.  ERR_ARG beyond the run or before the last change.
 */
int plan_change(struct plan *p, const struct plan_change *c, struct err *e);
/* Work out again where phases stand in their sources, caps and assertions. */
int plan_settle(struct plan *p, const struct recipe *r, struct err *e);

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
/* Private: windows counted for all phases; then a phase's runs, with the places
 * where each source stands.  A window's rows for seq: its number in counts. */
int plan_count_windows(struct plan *p, const struct recipe *r, struct err *e);
const struct plan_counts *
plan_counts(const struct plan_source *s, uint32_t seq);
int plan_take_packed(struct plan *p, struct plan_place *at,
    struct plan_share *sh, uint32_t seq, struct err *e);
/* Private: keys, and an epoch's order of n blocks or windows. */
enum plan_use { USE_BLOCKS, USE_ROWS, USE_ORIGIN, USE_OBJECTIVE };
void plan_key(uint64_t seed, uint64_t source, uint64_t epoch, enum plan_use use,
    uint64_t more, uint64_t key[2]);
/* Private: the steps of the next phase. */
int plan_steps(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    const struct recipe_phase *from, struct err *e);

/* Rows of the phase before a step of the run that is in it, or its end. */
uint64_t plan_row_of_step(const struct plan_phase *ph, uint64_t step);
/* Private: take the phases from p->settled up to `phase` into p->taken. */
int plan_take(
    struct plan *p, uint32_t phase, struct plan_taken *taken, struct err *e);

/* Where a row stands in its source. */
struct plan_row {
	uint64_t epoch;
	uint64_t token; /* its first; its T + 1 tokens are consecutive */
	/* Of a packed source: its number in a window, packed for T. */
	struct pack_window window;
	uint32_t row;
};

/* Row `rank` < shares[i].rows of a phase's i-th source.  Thread-safe. */
struct plan_row plan_row(const struct plan *p, const struct plan_phase *ph,
    uint32_t i, uint64_t rank);
/*
 * The same; at, all zeros at first, keeps what an epoch's rows have in common,
 * for the next one.
 */
struct plan_epoch {
	const struct plan_source *source;
	uint64_t epoch, origin;
	struct shuffle blocks;
	const struct plan_phase *phase; /* of rows */
	struct shuffle rows;
};
struct plan_row plan_next_row(const struct plan *p, const struct plan_phase *ph,
    uint32_t i, uint64_t rank, struct plan_epoch *at);
/* The same of a packed source. */
struct plan_row plan_packed_row(const struct plan *p,
    const struct plan_phase *ph, uint32_t i, uint64_t rank);
/*
 * The inverse: is `window` read in this phase and epoch?  *w becomes what is
 * packed there, *rows how many of its rows are read.
 */
bool
plan_find_window(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t window, struct pack_window *w, uint32_t *rows);
/* The rank of a row of a window that plan_find_window() found. */
uint64_t plan_packed_rank(const struct plan *p, const struct plan_phase *ph,
    uint32_t i, uint64_t epoch, uint64_t window, uint32_t row);
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

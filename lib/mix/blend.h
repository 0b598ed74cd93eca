/* SPDX-License-Identifier: MIT */
#ifndef MIX_BLEND_H
#define MIX_BLEND_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Which source each row of a phase comes from.
 *
 * Source i has the exact share w[i] / d, so that W_i(n) = n * w[i] / d of the
 * first n rows are due to it.  The rows are cut into periods.  How many rows
 * of each source come before a period's first is a closed form of its
 * position: W_i rounded down, and up for those with the largest remainders.
 * Within a period the chairman assignment gives out the slots.  So the rows
 * of a source before row n differ from W_i(n) by
 *
 *	< 1 at the beginning and the end of a period and of the phase,
 *	< 2 anywhere,
 *
 * and within a period by < 1 from that period's own counts.
 *
 * Periods are halves of halves of the phase: one of more than BLEND_PERIOD
 * rows is cut in two as long as every source is due at least one row in both
 * (else the rounding could take back what it has given).  So a row's period is
 * found without those before it, and only where some source is rare are
 * periods long.
 *
 * Shares may change linearly from w to `to` over the phase of N rows:
 * W_i(n) = (w n + (to - w) n^2 / 2N) / d.  All of the above holds.  Within a
 * period each row of a source then has a window, from where it is due in part
 * to where it is due in whole, and the window that ends first is served; where
 * what rounding shifted at the period's beginning makes that impossible, and
 * in periods longer than BLEND_PERIOD, the windows are a row of the source
 * wider at both ends, which always fits: the path median(c0, W + s, c1) between
 * the period's counts c0 and c1, with the shift s chosen so that all add up to
 * n, never falls and is within 1 of W.
 *
 * Source: R. Tijdeman, "The chairman assignment problem", Discrete
 * Mathematics 32 (1980); Hamilton's method of largest remainders.
 */
enum {
	BLEND_PERIOD = 1 << 16,  /* rows: longer ones are cut if they can be */
	BLEND_LONGEST = 1 << 23, /* rows: the longest period there may be */
	BLEND_MAX_SOURCES = 65535
};

struct blend {
	uint32_t k;         /* sources, each with a share somewhere */
	const uint64_t *w;  /* kept by pointer; they add up to d */
	const uint64_t *to; /* NULL: shares stay; these add up to d, too */
	uint64_t d;         /* < 2^62 */
	uint64_t rows;      /* in the phase, < 2^62 */
	uint64_t least;     /* of w */
};

struct blend_period {
	uint64_t first, rows;
};

/* A row's source and how many rows of that source come before it. */
struct blend_slot {
	uint32_t source;
	uint32_t rank; /* within the period */
};

/* A period, worked out as far as it was asked for. */
struct blend_table {
	struct blend_period at;   /* in the phase */
	uint64_t *before;         /* (k): rows of each source before it */
	struct blend_slot *slots; /* (at.rows); NULL if k is 1 */
	uint64_t done;            /* slots that are worked out */
	struct seats *seats;      /* private */
};

/*
 * to may be NULL.  ERR_CHECK if a share is so small that a period would be
 * longer than BLEND_LONGEST, or if shares that change are too fine for so
 * many rows: 2 d rows^2 has to be below 2^125.
 */
int blend_init(struct blend *b, uint32_t k, const uint64_t *w,
    const uint64_t *to, uint64_t d, uint64_t rows, struct err *e);
/* The period that a row < b->rows is in. */
struct blend_period blend_period_of(const struct blend *b, uint64_t row);
/*
 * Rows of each source before row n, which is the first of a period or the end
 * of the phase: out is (k).  O(k log k).
 */
int
blend_before(const struct blend *b, uint64_t n, uint64_t *out, struct err *e);
/* The period in which source i has its rank-th row. */
int blend_period_of_rank(const struct blend *b, uint32_t i, uint64_t rank,
    struct blend_period *p, struct err *e);
/*
 * Begin with the period that a row is in; no slot is worked out yet.  b must
 * outlive t; t is freed by blend_table_free().
 */
int blend_table(
    const struct blend *b, uint64_t row, struct blend_table *t, struct err *e);
/* Work out the first n <= t->at.rows slots. */
int blend_reach(
    const struct blend *b, struct blend_table *t, uint64_t n, struct err *e);
void blend_table_free(struct blend_table *t);

/* Private to lib/mix/blend*.c: a source's due after n rows is a fraction. */
typedef unsigned __int128 blend_wide;
blend_wide blend_due_den(const struct blend *b);
blend_wide blend_due_num(const struct blend *b, uint32_t i, uint64_t n);

#endif

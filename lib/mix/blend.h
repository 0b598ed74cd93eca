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
 * A period is long enough that every source is due at least one row in it
 * (else the rounding could take back what it has given); the last one takes
 * up what is left, so it is up to twice as long.
 *
 * Shares may change linearly from w to `to` over the phase of N rows:
 * W_i(n) = (w n + (to - w) n^2 / 2N) / d.  All of the above holds.  Within a
 * period each row of a source then has a window, from where it is due in part
 * to where it is due in whole, and the window that ends first is served; where
 * what rounding shifted at the period's beginning makes that impossible, the
 * windows are a row of the source wider at both ends, which always fits: the
 * path median(c0, W + s, c1) between the period's counts c0 and c1, with the
 * shift s chosen so that all add up to n, never falls and is within 1 of W.
 *
 * Source: R. Tijdeman, "The chairman assignment problem", Discrete
 * Mathematics 32 (1980); Hamilton's method of largest remainders.
 */
enum {
	BLEND_PERIOD = 1 << 16,  /* rows: the shortest period */
	BLEND_LONGEST = 1 << 22, /* rows: the longest but the last */
	BLEND_MAX_SOURCES = 65535
};

struct blend {
	uint32_t k;         /* sources, each with a share somewhere */
	const uint64_t *w;  /* kept by pointer; they add up to d */
	const uint64_t *to; /* NULL: shares stay; these add up to d, too */
	uint64_t d;         /* < 2^62 */
	uint64_t rows;      /* in the phase, < 2^62 */
	uint64_t period;    /* rows */
	uint64_t periods;
};

/* A row's source and how many rows of that source come before it. */
struct blend_slot {
	uint32_t source;
	uint32_t rank; /* within the period */
};

/* A period worked out. */
struct blend_table {
	uint64_t first, rows;     /* in the phase */
	uint64_t *before;         /* (k): rows of each source before it */
	struct blend_slot *slots; /* (rows); NULL if k is 1 */
};

/*
 * to may be NULL.  ERR_CHECK if a share is so small that its period would be
 * longer than BLEND_LONGEST, or if shares that change are too fine for so
 * many rows: 2 d rows^2 has to be below 2^125.
 */
int blend_init(struct blend *b, uint32_t k, const uint64_t *w,
    const uint64_t *to, uint64_t d, uint64_t rows, struct err *e);
/* Period p's first row; for p = periods the end of the phase. */
uint64_t blend_first(const struct blend *b, uint64_t p);
/* The period that a row is in. */
uint64_t blend_period_of(const struct blend *b, uint64_t row);
/* Rows of each source before blend_first(b, p): out is (k).  O(k log k). */
int
blend_before(const struct blend *b, uint64_t p, uint64_t *out, struct err *e);
/* Work out period p.  t is freed by blend_table_free(). */
int blend_table(
    const struct blend *b, uint64_t p, struct blend_table *t, struct err *e);
void blend_table_free(struct blend_table *t);

#endif

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
 * Source: R. Tijdeman, "The chairman assignment problem", Discrete
 * Mathematics 32 (1980); Hamilton's method of largest remainders.
 */
enum {
	BLEND_PERIOD = 1 << 16,  /* rows: the shortest period */
	BLEND_LONGEST = 1 << 22, /* rows: the longest but the last */
	BLEND_MAX_SOURCES = 65535
};

struct blend {
	uint32_t k;        /* sources, each with w > 0 */
	const uint64_t *w; /* kept by pointer; they add up to d */
	uint64_t d;        /* < 2^62 */
	uint64_t rows;     /* in the phase, < 2^62 */
	uint64_t period;   /* rows */
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
 * ERR_CHECK if a share is so small that its period would be longer than
 * BLEND_LONGEST.
 */
int blend_init(struct blend *b, uint32_t k, const uint64_t *w, uint64_t d,
    uint64_t rows, struct err *e);
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

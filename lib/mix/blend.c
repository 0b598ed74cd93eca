/* SPDX-License-Identifier: MIT */
/* A phase's periods, and what of it is due to whom before each. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "mix/blend.h"

typedef blend_wide wide;

/*
 * A source's due after n rows; with shares that change it is
 * n (2 w N + (to - w) n) / 2 d N.
 */
wide
blend_due_den(const struct blend *b)
{
	return b->to ? 2 * (wide)b->d * b->rows : b->d;
}

wide
blend_due_num(const struct blend *b, uint32_t i, uint64_t n)
{
	wide w = b->w[i], two;

	if (!b->to)
		return w * n;
	two = 2 * w * b->rows; /* (to - w) n may be negative, never the sum */
	return n * (two + (wide)b->to[i] * n - w * n);
}

/* Is every source due a whole row in these?  If not, *bad gets one. */
static bool
all_due(const struct blend *b, uint64_t first, uint64_t rows, uint32_t *bad)
{
	wide den = blend_due_den(b);
	uint32_t i;

	if (!b->to && (wide)b->least * rows >= b->d)
		return true;
	for (i = 0; i < b->k; i++) {
		if (blend_due_num(b, i, first + rows) -
			blend_due_num(b, i, first) <
		    den) {
			*bad = i;
			return false;
		}
	}
	return true;
}

/* Is the period cut in two? */
static bool
is_cut(const struct blend *b, const struct blend_period *p, uint32_t *bad)
{
	uint64_t half = p->rows / 2;

	return p->rows > BLEND_PERIOD && all_due(b, p->first, half, bad) &&
	       all_due(b, p->first + half, p->rows - half, bad);
}

static void
take_half(struct blend_period *p, bool second)
{
	uint64_t half = p->rows / 2;

	p->first += second ? half : 0;
	p->rows = second ? p->rows - half : half;
}

static struct blend_period
find_period(const struct blend *b, uint64_t row, uint32_t *bad)
{
	struct blend_period p = { 0, b->rows };

	while (is_cut(b, &p, bad))
		take_half(&p, row >= p.first + p.rows / 2);
	return p;
}

struct blend_period
blend_period_of(const struct blend *b, uint64_t row)
{
	uint32_t bad;

	return find_period(b, row, &bad);
}

/* 2 d rows^2 < 2^125, so that no due overflows. */
static bool
fits(const struct blend *b)
{
	wide square = (wide)b->rows * b->rows;

	return square < ((wide)1 << 124) / b->d;
}

/*
 * What is due to a source in so many rows is linear in where they are, so the
 * longest period is at one end of the phase.
 */
static int
check_ends(const struct blend *b, struct err *e)
{
	uint32_t i, bad = 0;

	for (i = 0; i < 2; i++)
		if (find_period(b, i ? b->rows - 1 : 0, &bad).rows >
		    BLEND_LONGEST)
			return err_set(e, ERR_CHECK,
			    "a share of %.3g %% is too small for a phase of "
			    "%llu rows: one row in %d is needed%s",
			    100 * (double)b->w[bad] / (double)b->d,
			    (unsigned long long)b->rows, BLEND_LONGEST / 2,
			    b->to ? ", at both ends of the phase" : "");
	return 0;
}

int
blend_init(struct blend *b, uint32_t k, const uint64_t *w, const uint64_t *to,
    uint64_t d, uint64_t rows, struct err *e)
{
	uint32_t i;

	*b = (struct blend){
		.k = k, .w = w, .to = to, .d = d, .rows = rows, .least = d
	};
	if (to && !fits(b)) {
		b->to = NULL;
		return err_set(e, ERR_CHECK,
		    "shares that change over %llu rows are too fine to be kept "
		    "exact: use fewer digits",
		    (unsigned long long)rows);
	}
	for (i = 0; i < k; i++)
		b->least = w[i] < b->least ? w[i] : b->least;
	return check_ends(b, e);
}

/* What rounding down left of a source's due. */
struct rest {
	wide rest;
	uint32_t i;
};

static int
by_rest(const void *x, const void *y)
{
	const struct rest *a = x, *b = y;

	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	return a->i < b->i ? -1 : 1;
}

int
blend_before(const struct blend *b, uint64_t n, uint64_t *out, struct err *e)
{
	struct rest *rest = calloc(b->k, sizeof(*rest));
	wide due, den = blend_due_den(b);
	uint64_t left = n;
	uint32_t i;

	if (!rest)
		return err_nomem(e, "shares");
	for (i = 0; i < b->k; i++) {
		due = blend_due_num(b, i, n);
		out[i] = (uint64_t)(due / den);
		rest[i] = (struct rest){ due % den, i };
		left -= out[i];
	}
	qsort(rest, b->k, sizeof(*rest), by_rest);
	for (i = 0; i < left; i++)
		out[rest[i].i]++;
	free(rest);
	return 0;
}

int
blend_period_of_rank(const struct blend *b, uint32_t i, uint64_t rank,
    struct blend_period *p, struct err *e)
{
	uint64_t *before = calloc(b->k, sizeof(*before));
	uint32_t bad;
	int rc = 0;

	if (!before)
		return err_nomem(e, "a period");
	*p = (struct blend_period){ 0, b->rows };
	while (rc == 0 && is_cut(b, p, &bad)) {
		rc = blend_before(b, p->first + p->rows / 2, before, e);
		take_half(p, before[i] <= rank);
	}
	free(before);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* The slots of a period. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/blend.h"

typedef blend_wide wide;

/*
 * Sources wait by a key whose last 16 bits are the source's number, so that
 * equal ones are served in that order.
 */
struct room {
	wide *v;
	size_t n;
};

enum { SOURCE_BITS = 16 };

static void
room_put(struct room *r, wide key)
{
	size_t i = r->n++, up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (r->v[up] <= key)
			break;
		r->v[i] = r->v[up];
	}
	r->v[i] = key;
}

static uint32_t
room_take(struct room *r)
{
	wide top = r->v[0], last = r->v[--r->n];
	size_t i = 0, down;

	while ((down = 2 * i + 1) < r->n) {
		down += down + 1 < r->n && r->v[down + 1] < r->v[down];
		if (r->v[down] >= last)
			break;
		r->v[i] = r->v[down];
		i = down;
	}
	r->v[i] = last;
	return (uint32_t)top & 0xffff;
}

/* Rows count from 1 in a period, or, if shares change, in the phase. */
struct seat {
	uint64_t rows;       /* of the source in the period */
	uint64_t count;      /* given out */
	uint64_t from, till; /* where its next one may be, and the last */
};

/*
 * A source's next row may be given out from `from` on and must be by its
 * deadline.  Who waits for the former is in `shut`, by that; the others are in
 * `open`, by the latter.
 */
struct seats {
	struct seat *v; /* (k) */
	struct room shut, open;
	uint64_t g;     /* of the chairman */
	uint64_t slack; /* of windows */
};

/*
 * The chairman: with count c of its C slots in a period of L rows a source may
 * have its next slot from row (g c + 1) L / (g C) on, and must have it by row
 * (g c + g - 1) L / (g C), g = 2 k - 2.  As a key that has 64 binary places:
 * two deadlines are equal or at least 1 / (g C C') > 2^-63 apart.
 */
static wide
deadline(const struct seats *s, const struct seat *x, uint64_t L)
{
	wide num = (wide)(s->g * (x->count + 1) - 1) * L;

	return (num << 64) / (s->g * x->rows);
}

static void
chairman_wait(struct seats *s, uint32_t i, uint64_t L)
{
	struct seat *x = &s->v[i];
	wide from = ((wide)s->g * x->count + 1) * L, per = s->g * x->rows;

	x->from = (uint64_t)((from + per - 1) / per);
	room_put(&s->shut, (wide)x->from << SOURCE_BITS | i);
}

/* A source whose slot may come now. */
static void
chairman_open(struct seats *s, uint32_t i, uint64_t L)
{
	room_put(&s->open, deadline(s, &s->v[i], L) << SOURCE_BITS | (wide)i);
}

/* Is source i's due after so many rows >= c, or > c? */
static bool
reaches(const struct blend *b, uint32_t i, uint64_t row, uint64_t c, bool more)
{
	wide due = blend_due_num(b, i, row), want = blend_due_den(b) * c;

	return more ? due > want : due >= want;
}

/* About where that is. */
static double
guess(const struct blend *b, uint32_t i, uint64_t c)
{
	double w = (double)b->w[i] / (double)b->d;
	double to = (double)b->to[i] / (double)b->d;
	double a = (to - w) / 2 / (double)b->rows;
	double root = w * w + 4 * a * (double)c;

	root = w + (root > 0 ? sqrt(root) : 0);
	return root > 0 ? 2 * (double)c / root : 1e18;
}

/*
 * The first row > at in the period where source i's due is >= c (or > c), its
 * end if none: from a guess, to either side in growing steps, then by halves.
 */
static uint64_t
first_row(const struct blend *b, const struct blend_table *t, uint32_t i,
    uint64_t at, uint64_t c, bool more)
{
	uint64_t end = t->at.first + t->at.rows, step = 1, mid;
	double near = guess(b, i, c);

	if (at + 1 >= end)
		return end;
	mid = near <= (double)at    ? at + 1
	      : near >= (double)end ? end - 1
				    : (uint64_t)near;
	mid = mid <= at ? at + 1 : mid >= end ? end - 1 : mid;
	if (reaches(b, i, mid, c, more)) {
		for (end = mid; end - at > step; step *= 2) {
			if (!reaches(b, i, end - step, c, more)) {
				at = end - step;
				break;
			}
			end -= step;
		}
	} else {
		for (at = mid; end - at > step; step *= 2) {
			if (reaches(b, i, at + step, c, more)) {
				end = at + step;
				break;
			}
			at += step;
		}
	}
	while (end - at > 1) {
		mid = at + (end - at) / 2;
		if (reaches(b, i, mid, c, more))
			end = mid;
		else
			at = mid;
	}
	return end;
}

/*
 * Shares that change: row c of a source may be given out from the first n with
 * W(n) > c - slack on, and must be by the first with W(n) >= c + 1 + slack.
 * Without slack a window begins where the one before it ended.
 */
static void
window_wait(const struct blend *b, struct seats *s, const struct blend_table *t,
    uint32_t i)
{
	struct seat *x = &s->v[i];
	uint64_t c = t->before[i] + x->count, at = t->at.first;

	if (x->count)
		at = s->slack ? x->from - 1 : x->till - 1;
	x->from = c < s->slack ? t->at.first + 1
			       : first_row(b, t, i, at, c - s->slack, true);
	x->till = first_row(b, t, i, x->from - 1, c + 1 + s->slack, false);
	room_put(&s->shut, (wide)x->from << SOURCE_BITS | i);
}

static void
wait_for_next(
    const struct blend *b, struct seats *s, struct blend_table *t, uint32_t i)
{
	if (b->to)
		window_wait(b, s, t, i);
	else
		chairman_wait(s, i, t->at.rows);
}

/* Slots from t->done up to n; false if a deadline could not be kept. */
static bool
serve(const struct blend *b, struct blend_table *t, uint64_t n)
{
	uint64_t base = b->to ? t->at.first : 0, row;
	struct seats *s = t->seats;
	struct seat *x;
	uint32_t i;

	for (; t->done < n; t->done++) {
		row = base + t->done + 1;
		while (s->shut.n &&
		       (uint64_t)(s->shut.v[0] >> SOURCE_BITS) <= row) {
			i = room_take(&s->shut);
			if (b->to)
				room_put(&s->open,
				    (wide)s->v[i].till << SOURCE_BITS | i);
			else
				chairman_open(s, i, t->at.rows);
		}
		if (!s->open.n)
			return false;
		i = room_take(&s->open);
		x = &s->v[i];
		if (b->to && x->till < row)
			return false;
		t->slots[t->done] =
		    (struct blend_slot){ i, (uint32_t)x->count };
		if (++x->count < x->rows)
			wait_for_next(b, s, t, i);
	}
	return true;
}

/* Nothing given out yet. */
static void
begin(const struct blend *b, struct blend_table *t)
{
	struct seats *s = t->seats;
	uint32_t i;

	s->shut.n = s->open.n = 0;
	t->done = 0;
	for (i = 0; i < b->k; i++) {
		s->v[i].count = 0;
		if (s->v[i].rows)
			wait_for_next(b, s, t, i);
	}
}

static void
seats_free(struct seats *s)
{
	if (!s)
		return;
	free(s->v);
	free(s->shut.v);
	free(s);
}

static int
seats_new(const struct blend *b, struct blend_table *t, struct err *e)
{
	uint64_t *after = calloc(b->k, sizeof(*after)), n = 0;
	struct seats *s = calloc(1, sizeof(*s));
	uint32_t i;
	int rc = 0;

	t->seats = s;
	if (s) {
		s->v = calloc(b->k, sizeof(*s->v));
		s->shut.v = calloc(2 * (size_t)b->k, sizeof(*s->shut.v));
		s->open.v = s->shut.v ? s->shut.v + b->k : NULL;
	}
	if (!after || !s || !s->v || !s->shut.v)
		rc = err_nomem(e, "a period");
	if (rc == 0)
		rc = blend_before(b, t->at.first + t->at.rows, after, e);
	for (i = 0; rc == 0 && i < b->k; i++) {
		s->v[i].rows = after[i] - t->before[i];
		n += s->v[i].rows > 0;
	}
	free(after);
	if (rc < 0)
		return rc;
	s->g = n > 1 ? 2 * n - 2 : 2;
	s->slack = t->at.rows > BLEND_PERIOD;
	begin(b, t);
	return 0;
}

int
blend_table(
    const struct blend *b, uint64_t row, struct blend_table *t, struct err *e)
{
	size_t bytes;
	int rc;

	*t = (struct blend_table){ .at = blend_period_of(b, row) };
	t->before = calloc(b->k, sizeof(*t->before));
	if (!t->before)
		return err_nomem(e, "a period");
	rc = blend_before(b, t->at.first, t->before, e);
	if (rc == 0 && b->k > 1) {
		if (num_mul(t->at.rows, sizeof(*t->slots), &bytes))
			t->slots = malloc(bytes ? bytes : 1);
		rc = t->slots ? seats_new(b, t, e) : err_nomem(e, "a period");
	}
	if (rc < 0)
		blend_table_free(t);
	return rc;
}

int
blend_reach(
    const struct blend *b, struct blend_table *t, uint64_t n, struct err *e)
{
	struct seats *s = t->seats;

	if (b->k == 1 || n <= t->done)
		return 0;
	/* Whether narrow windows fit is known at the end of a period only. */
	if (b->to && !s->slack) {
		if (serve(b, t, t->at.rows))
			return 0;
		s->slack = 1;
		begin(b, t);
	}
	if (serve(b, t, n))
		return 0;
	return err_set(e, ERR_CHECK,
	    "row %llu of a period has no source: this is a bug in quern",
	    (unsigned long long)t->done + 1);
}

void
blend_table_free(struct blend_table *t)
{
	seats_free(t->seats);
	free(t->before);
	free(t->slots);
	*t = (struct blend_table){ 0 };
}

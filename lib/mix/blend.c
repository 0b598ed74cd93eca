/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/blend.h"

typedef unsigned __int128 wide;

/*
 * A source's due after n rows is due_num(n) / due_den(): with shares that
 * change n (2 w N + (to - w) n) / 2 d N.
 */
static wide
due_den(const struct blend *b)
{
	return b->to ? 2 * (wide)b->d * b->rows : b->d;
}

static wide
due_num(const struct blend *b, uint32_t i, uint64_t n)
{
	wide w = b->w[i], two;

	if (!b->to)
		return w * n;
	two = 2 * w * b->rows; /* (to - w) n may be negative, never the sum */
	return n * (two + (wide)b->to[i] * n - w * n);
}

/* Is source i due a whole row in every period of so many rows?  Its share is
 * linear, so the period at one end has the least. */
static bool
due_a_row(const struct blend *b, uint32_t i, uint64_t period)
{
	wide first, last;

	if (!b->to)
		return (wide)b->w[i] * period >= b->d;
	first = due_num(b, i, period);
	last = due_num(b, i, b->rows) - due_num(b, i, b->rows - period);
	return (first < last ? first : last) >= due_den(b);
}

static bool
all_due(const struct blend *b, uint64_t period, uint32_t *bad)
{
	uint32_t i;

	for (i = 0; i < b->k; i++)
		if (!due_a_row(b, i, period)) {
			*bad = i;
			return false;
		}
	return true;
}

/* 2 d rows^2 < 2^125, so that no due overflows. */
static bool
fits(const struct blend *b)
{
	wide square = (wide)b->rows * b->rows;

	return square < ((wide)1 << 124) / b->d;
}

int
blend_init(struct blend *b, uint32_t k, const uint64_t *w, const uint64_t *to,
    uint64_t d, uint64_t rows, struct err *e)
{
	uint32_t bad = 0;

	*b = (struct blend){
		.k = k, .w = w, .to = to, .d = d, .rows = rows, .periods = 1
	};
	b->period = BLEND_PERIOD;
	if (to && !fits(b)) {
		b->to = NULL;
		return err_set(e, ERR_CHECK,
		    "shares that change over %llu rows are too fine to be kept "
		    "exact: use fewer digits",
		    (unsigned long long)rows);
	}
	while (b->period < rows && b->period < BLEND_LONGEST &&
	       !all_due(b, b->period, &bad))
		b->period *= 2;
	b->periods = rows / b->period;
	if (b->periods == 0)
		b->periods = 1;
	if (b->periods > 1 && !all_due(b, b->period, &bad))
		return err_set(e, ERR_CHECK,
		    "a share of %.3g %% is too small for a phase of %llu rows: "
		    "one row in %d is needed%s",
		    100 * (double)w[bad] / (double)d, (unsigned long long)rows,
		    BLEND_LONGEST, to ? ", at both ends of the phase" : "");
	return 0;
}

uint64_t
blend_first(const struct blend *b, uint64_t p)
{
	return p < b->periods ? p * b->period : b->rows;
}

uint64_t
blend_period_of(const struct blend *b, uint64_t row)
{
	uint64_t p = row / b->period;

	return p < b->periods ? p : b->periods - 1;
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
blend_before(const struct blend *b, uint64_t p, uint64_t *out, struct err *e)
{
	uint64_t n = blend_first(b, p), left = n;
	struct rest *rest = calloc(b->k, sizeof(*rest));
	wide due, den = due_den(b);
	uint32_t i;

	if (!rest)
		return err_nomem(e, "shares");
	for (i = 0; i < b->k; i++) {
		due = due_num(b, i, n);
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

/*
 * The chairman's waiting rooms.  A source with count c of its C slots in a
 * period of L rows may have its next slot from row (g c + 1) L / (g C) on, and
 * must have it by row (g c + g - 1) L / (g C), with g = 2 k - 2; rows counted
 * from 1.  Those who may wait in `open` by that deadline, the others in
 * `shut` by the row from which they may.
 */
struct seat {
	uint64_t num; /* of the deadline, times L / g */
	uint64_t den; /* C */
	uint64_t from;
	uint64_t count;
	uint32_t source;
};

struct room {
	struct seat **v;
	size_t n;
	bool (*before)(const struct seat *, const struct seat *);
};

static bool
opens_first(const struct seat *a, const struct seat *b)
{
	return a->from != b->from ? a->from < b->from : a->source < b->source;
}

static bool
due_first(const struct seat *a, const struct seat *b)
{
	wide x = (wide)a->num * b->den, y = (wide)b->num * a->den;

	return x != y ? x < y : a->source < b->source;
}

static void
room_put(struct room *r, struct seat *s)
{
	size_t i = r->n++, up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!r->before(s, r->v[up]))
			break;
		r->v[i] = r->v[up];
	}
	r->v[i] = s;
}

static struct seat *
room_take(struct room *r)
{
	struct seat *top = r->v[0], *last = r->v[--r->n];
	size_t i = 0, down;

	while ((down = 2 * i + 1) < r->n) {
		if (down + 1 < r->n && r->before(r->v[down + 1], r->v[down]))
			down++;
		if (!r->before(r->v[down], last))
			break;
		r->v[i] = r->v[down];
		i = down;
	}
	r->v[i] = last;
	return top;
}

/* When the seat's next slot may come and must come. */
static void
seat_due(struct seat *s, uint64_t g, uint64_t rows)
{
	wide from = ((wide)g * s->count + 1) * rows;
	wide per = (wide)g * s->den;

	s->from = (uint64_t)((from + per - 1) / per);
	s->num = g * (s->count + 1) - 1;
}

static int
hand_out(struct room *shut, struct room *open, uint64_t g,
    struct blend_table *t, struct err *e)
{
	struct seat *s;
	uint64_t row;

	for (row = 1; row <= t->rows; row++) {
		while (shut->n && shut->v[0]->from <= row)
			room_put(open, room_take(shut));
		if (!open->n)
			return err_set(e, ERR_CHECK,
			    "no source may have row %llu: this is a bug in "
			    "quern",
			    (unsigned long long)row);
		s = room_take(open);
		t->slots[row - 1] =
		    (struct blend_slot){ s->source, (uint32_t)s->count };
		s->count++;
		if (s->count < s->den) {
			seat_due(s, g, t->rows);
			room_put(shut, s);
		}
	}
	return 0;
}

/* counts (k) add up to t->rows; sources without a slot stay outside. */
static int
chairman(
    const uint64_t *counts, uint32_t k, struct blend_table *t, struct err *e)
{
	struct seat *seats = calloc(k, sizeof(*seats));
	struct seat **v = calloc(2 * (size_t)k, sizeof(struct seat *));
	struct room shut = { v, 0, opens_first };
	struct room open = { v + k, 0, due_first };
	uint64_t g, n = 0;
	uint32_t i;
	int rc;

	if (!seats || !v) {
		free(seats);
		free(v);
		return err_nomem(e, "a period");
	}
	for (i = 0; i < k; i++)
		n += counts[i] > 0;
	g = n > 1 ? 2 * n - 2 : 2;
	for (i = 0; i < k; i++) {
		if (!counts[i])
			continue;
		seats[i].den = counts[i];
		seats[i].source = i;
		seat_due(&seats[i], g, t->rows);
		room_put(&shut, &seats[i]);
	}
	rc = hand_out(&shut, &open, g, t, e);
	free(seats);
	free(v);
	return rc;
}

/*
 * Shares that change: row c of source i may be given out from the first n with
 * W_i(n) > c - slack on, and must be by the first with W_i(n) >= c + 1 + slack.
 */
struct windows {
	const struct blend *b;
	struct blend_table *t;
	wide den;
	uint64_t slack;
};

static bool
reaches(
    const struct windows *w, uint32_t i, uint64_t row, uint64_t c, bool more)
{
	wide due = due_num(w->b, i, row), want = w->den * c;

	return more ? due > want : due >= want;
}

/*
 * The first row > at in the period where source i's due is >= c (or > c), its
 * end if none.  Rows of the phase, counted from 1; step >= 1 is a guess of how
 * far it is.
 */
static uint64_t
first_row(const struct windows *w, uint32_t i, uint64_t at, uint64_t step,
    uint64_t c, bool more)
{
	uint64_t end = w->t->first + w->t->rows, mid;

	while (at + step < end && !reaches(w, i, at + step, c, more)) {
		at += step;
		step *= 2;
	}
	end = at + step < end ? at + step : end;
	while (end - at > 1) {
		mid = at + (end - at) / 2;
		if (reaches(w, i, mid, c, more))
			end = mid;
		else
			at = mid;
	}
	return end;
}

/*
 * The window of the seat's next row, with the seat's rows in the period den.
 * Without slack it begins where the last one ended; it is about as long.
 */
static void
seat_window(const struct windows *w, struct seat *s)
{
	uint64_t c = w->t->before[s->source] + s->count;
	uint64_t at = w->t->first, length = 2;

	if (s->count) {
		at = w->slack ? s->from - 1 : s->num - 1;
		length += s->num - s->from;
	}
	s->from = c < w->slack
		      ? w->t->first + 1
		      : first_row(w, s->source, at, 1, c - w->slack, true);
	s->num = first_row(
	    w, s->source, s->from - 1, length / 2, c + 1 + w->slack, false);
}

static bool
ends_first(const struct seat *a, const struct seat *b)
{
	return a->num != b->num ? a->num < b->num : a->source < b->source;
}

/* False if a window could not be kept. */
static bool
serve(const struct windows *w, struct room *shut, struct room *open)
{
	struct blend_table *t = w->t;
	struct seat *s;
	uint64_t row;

	for (row = t->first + 1; row <= t->first + t->rows; row++) {
		while (shut->n && shut->v[0]->from <= row)
			room_put(open, room_take(shut));
		if (!open->n || open->v[0]->num < row)
			return false;
		s = room_take(open);
		t->slots[row - t->first - 1] =
		    (struct blend_slot){ s->source, (uint32_t)s->count };
		if (++s->count < s->den) {
			seat_window(w, s);
			room_put(shut, s);
		}
	}
	return true;
}

static int
changing(const struct blend *b, const uint64_t *counts, struct blend_table *t,
    struct err *e)
{
	struct windows w = { .b = b, .t = t, .den = due_den(b) };
	struct seat *seats = calloc(b->k, sizeof(*seats));
	struct seat **v = calloc(2 * (size_t)b->k, sizeof(struct seat *));
	struct room shut, open;
	bool kept = false;
	uint32_t i;

	for (; seats && v && !kept && w.slack < 2; w.slack++) {
		shut = (struct room){ v, 0, opens_first };
		open = (struct room){ v + b->k, 0, ends_first };
		for (i = 0; i < b->k; i++) {
			seats[i] =
			    (struct seat){ .den = counts[i], .source = i };
			if (!counts[i])
				continue;
			seat_window(&w, &seats[i]);
			room_put(&shut, &seats[i]);
		}
		kept = serve(&w, &shut, &open);
	}
	free(seats);
	free(v);
	if (kept)
		return 0;
	return w.slack < 2
		   ? err_nomem(e, "a period")
		   : err_set(e, ERR_CHECK,
			 "a period has no order: this is a bug in quern");
}

static int
fill_table(
    const struct blend *b, uint64_t p, struct blend_table *t, struct err *e)
{
	uint64_t *counts = calloc(b->k, sizeof(*counts));
	size_t bytes;
	uint32_t i;
	int rc;

	if (!counts || !num_mul(t->rows, sizeof(*t->slots), &bytes) ||
	    !(t->slots = malloc(bytes ? bytes : 1))) {
		free(counts);
		return err_nomem(e, "a period");
	}
	rc = blend_before(b, p + 1, counts, e);
	for (i = 0; rc == 0 && i < b->k; i++)
		counts[i] -= t->before[i];
	if (rc == 0)
		rc = b->to ? changing(b, counts, t, e)
			   : chairman(counts, b->k, t, e);
	free(counts);
	return rc;
}

int
blend_table(
    const struct blend *b, uint64_t p, struct blend_table *t, struct err *e)
{
	int rc;

	*t = (struct blend_table){ .first = blend_first(b, p) };
	t->rows = blend_first(b, p + 1) - t->first;
	t->before = calloc(b->k, sizeof(*t->before));
	if (!t->before)
		return err_nomem(e, "a period");
	rc = blend_before(b, p, t->before, e);
	if (rc == 0 && b->k > 1)
		rc = fill_table(b, p, t, e);
	if (rc < 0)
		blend_table_free(t);
	return rc;
}

void
blend_table_free(struct blend_table *t)
{
	free(t->before);
	free(t->slots);
	*t = (struct blend_table){ 0 };
}

/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/blend.h"

typedef unsigned __int128 wide;

int
blend_init(struct blend *b, uint32_t k, const uint64_t *w, uint64_t d,
    uint64_t rows, struct err *e)
{
	uint64_t least = d, need;
	uint32_t i;

	*b = (struct blend){ .k = k, .w = w, .d = d, .rows = rows };
	for (i = 0; i < k; i++)
		least = w[i] < least ? w[i] : least;
	need = least ? d / least + (d % least != 0) : d;
	b->period = BLEND_PERIOD;
	while (b->period < need && b->period < BLEND_LONGEST)
		b->period *= 2;
	b->periods = rows / b->period;
	if (b->periods == 0)
		b->periods = 1;
	if (b->period < need && b->periods > 1)
		return err_set(e, ERR_CHECK,
		    "a share of one row in %llu is too small for a phase of "
		    "%llu rows: at least one in %d is needed",
		    (unsigned long long)need, (unsigned long long)rows,
		    BLEND_LONGEST);
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
	uint64_t rest;
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
	uint32_t i;
	wide due;

	if (!rest)
		return err_nomem(e, "shares");
	for (i = 0; i < b->k; i++) {
		due = (wide)b->w[i] * n;
		out[i] = (uint64_t)(due / b->d);
		rest[i] = (struct rest){ (uint64_t)(due % b->d), i };
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
		rc = chairman(counts, b->k, t, e);
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

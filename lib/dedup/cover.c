/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/cover.h"
#include "dedup/spanfile.h"

void
cover_free(struct cover *c)
{
	free(c->v);
}

static int
add_range(struct cover *c, const struct range *r, struct err *e)
{
	size_t cap = c->cap ? 2 * c->cap : 64;
	struct range *v = c->v;

	if (c->n == c->cap) {
		v = realloc(v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "spans");
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = *r;
	return 0;
}

/* The span that has the window at `at`, or NULL. */
static const struct span *
span_at(const struct span *v, size_t n, uint32_t at)
{
	size_t from = 0, mid;

	while (from < n) {
		mid = from + (n - from) / 2;
		if (v[mid].start + v[mid].n <= at)
			from = mid + 1;
		else
			n = mid;
	}
	return v[from].start <= at ? &v[from] : NULL;
}

/*
 * A window that stands before in the same document may stand before that, too:
 * where it does first.
 */
static uint64_t
first_place(const struct span *v, size_t n, uint32_t rank, uint64_t place)
{
	const struct span *x;

	while (place >> 32 == rank) {
		x = span_at(v, n, (uint32_t)place);
		if (!x)
			break;
		place = x->from + ((uint32_t)place - x->start);
	}
	return place;
}

static bool
within(struct str text, size_t i)
{
	return i < text.n && (text.p[i] & 0xc0) == 0x80;
}

/* Leave whole characters only. */
static void
trim(struct range *r, struct str text)
{
	while (r->start < r->end && within(text, r->start)) {
		r->start++;
		r->from++;
	}
	while (r->start < r->end && within(text, r->end))
		r->end--;
}

static int
end_range(struct cover *c, struct range r, struct str text, struct err *e)
{
	trim(&r, text);
	if (r.start == r.end)
		return 0;
	c->bytes += r.end - r.start;
	return add_range(c, &r, e);
}

int
cover_of(struct cover *c, const struct span *v, size_t n, size_t width,
    uint32_t rank, struct str text, struct err *e)
{
	struct range r = { 0 };
	size_t i, end;

	c->n = 0;
	c->bytes = 0;
	for (i = 0; i < n; i++) {
		end = (size_t)v[i].start + v[i].n + width - 1;
		if (end > text.n)
			return err_set(
			    e, ERR_IO, "the input changed while it was read");
		if (i && v[i].start <= r.end) {
			r.end = (uint32_t)end;
			continue;
		}
		if (i && end_range(c, r, text, e) < 0)
			return e->code;
		r = (struct range){ v[i].start, (uint32_t)end,
			first_place(v, n, rank, v[i].from) };
	}
	return n ? end_range(c, r, text, e) : 0;
}

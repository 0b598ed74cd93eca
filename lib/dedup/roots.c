/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/choose.h"
#include "dedup/roots.h"
#include "dedup/sort.h"

void
roots_free(struct roots *r)
{
	free(r->signatures);
}

int
roots_add(struct roots *r, const uint64_t *signature, struct err *e)
{
	size_t width = r->nband * r->nrow;
	uint64_t *more = budget_grow(r->budget, r->signatures, &r->cap,
	    (r->n + 1) * width, sizeof(*more), "signatures", e);

	if (!more)
		return e->code;
	r->signatures = more;
	memcpy(more + r->n * width, signature, width * sizeof(*more));
	r->n++;
	return 0;
}

/* Two documents' values in a band: <0, 0, >0. */
static int
compare(const struct roots *r, size_t band, uint32_t a, uint32_t b)
{
	size_t width = r->nband * r->nrow, i;
	const uint64_t *x = r->signatures + a * width + band * r->nrow;
	const uint64_t *y = r->signatures + b * width + band * r->nrow;

	for (i = 0; i < r->nrow; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* Those of one first value are few, or all the same and in order already. */
static void
sort_ties(const struct roots *r, size_t band, struct keyed *v)
{
	struct keyed x;
	size_t i, k;

	for (i = 1; i < r->n; i++) {
		x = v[i];
		for (k = i; k > 0 && v[k - 1].key == x.key &&
			    compare(r, band, v[k - 1].group, x.group) > 0;
		     k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static uint32_t
root_of(struct choice *c, uint32_t i)
{
	while (c[i].head != i) {
		c[i].head = c[c[i].head].head;
		i = c[i].head;
	}
	return i;
}

static void
join(struct choice *c, uint32_t *size, uint32_t a, uint32_t b)
{
	uint32_t x = root_of(c, a), y = root_of(c, b), t;

	if (x == y)
		return;
	if (size[x] < size[y]) {
		t = x;
		x = y;
		y = t;
	}
	c[y].head = x;
	size[x] += size[y];
}

static void
join_band(struct roots *r, size_t band, struct keyed *v, struct choice *c,
    uint32_t *size)
{
	size_t i, width = r->nband * r->nrow;

	for (i = 0; i < r->n; i++)
		v[i] =
		    (struct keyed){ r->signatures[i * width + band * r->nrow],
			    (uint32_t)i };
	sort_keyed(v, v + r->n, r->n);
	sort_ties(r, band, v);
	for (i = 1; i < r->n; i++) {
		if (compare(r, band, v[i - 1].group, v[i].group) != 0)
			continue;
		r->joined++;
		join(c, size, v[i - 1].group, v[i].group);
	}
}

int
roots_run(struct roots *r, struct choice *c, struct err *e)
{
	struct keyed *v;
	uint32_t *size;
	size_t i;

	v = budget_calloc(r->budget, 2 * r->n, sizeof(*v), "sorting", e);
	if (!v)
		return e->code;
	size = budget_calloc(r->budget, r->n, sizeof(*size), "clusters", e);
	if (!size) {
		free(v);
		return e->code;
	}
	for (i = 0; i < r->n; i++) {
		c[i] = (struct choice){ (uint32_t)i, 1 };
		size[i] = 1;
	}
	for (i = 0; i < r->nband; i++)
		join_band(r, i, v, c, size);
	for (i = 0; i < r->n; i++)
		c[i].head = root_of(c, (uint32_t)i);
	free(v);
	free(size);
	return 0;
}

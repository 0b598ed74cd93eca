/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "train/program.h"

enum { ALIGN = 16 };

/*
 * Largest first, each at the lowest place that is free as long as it lives.
 * Source: the greedy-by-size rule of Pisarchyk and Lee, arXiv 2001.03288.
 */
struct block {
	size_t size, at;
	int tensor;
};

static int
larger_first(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return x->tensor - y->tensor;
}

static int
lower_first(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static bool
alive_together(const struct tensor *a, const struct tensor *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap for `b` among the n blocks that live with it, sorted. */
static size_t
lowest_gap(const struct block *busy, size_t n, size_t size)
{
	size_t at = 0, i;

	for (i = 0; i < n; i++) {
		if (busy[i].at >= at + size)
			break;
		if (busy[i].at + busy[i].size > at)
			at = busy[i].at + busy[i].size;
	}
	return at;
}

static void
place_all(struct program *p, struct block *b, size_t n, struct block *busy)
{
	size_t i, j, k;

	for (i = 0; i < n; i++) {
		struct tensor *t = &p->tensor[b[i].tensor];

		for (j = k = 0; j < i; j++)
			if (alive_together(t, &p->tensor[b[j].tensor]))
				busy[k++] = b[j];
		qsort(busy, k, sizeof(*busy), lower_first);
		t->at = b[i].at = lowest_gap(busy, k, b[i].size);
		if (t->at + b[i].size > p->arena)
			p->arena = t->at + b[i].size;
	}
}

/* The size of every tensor that is used; <0 if their sum can't be addressed. */
static ptrdiff_t
measure(const struct program *p, struct block *b)
{
	size_t sum = 0, n = 0, i, size;

	for (i = 0; i < p->tensors; i++) {
		if (p->tensor[i].first < 0)
			continue;
		if (!num_mul(p->tokens, p->tensor[i].width, &size) ||
		    size > SIZE_MAX / 16 - ALIGN || sum > SIZE_MAX / 16)
			return -1;
		if (p->tensor[i].aux && p->flags & PROGRAM_HALF)
			size *= 2;
		size = (size + ALIGN - 1) / ALIGN * ALIGN;
		sum += size;
		b[n++] = (struct block){ .size = size, .tensor = (int)i };
	}
	return (ptrdiff_t)n;
}

int
program_plan(struct program *p, struct err *e)
{
	struct block *b = calloc(p->tensors, sizeof(*b));
	struct block *busy = calloc(p->tensors, sizeof(*busy));
	ptrdiff_t n;
	int rc = 0;

	p->arena = 0;
	if (!b || !busy) {
		rc = err_nomem(e, "the memory plan");
	} else if ((n = measure(p, b)) < 0) {
		rc = err_set(e, ERR_NOMEM,
		    "activations of %zu tokens are too large to address",
		    p->tokens);
	} else {
		qsort(b, (size_t)n, sizeof(*b), larger_first);
		place_all(p, b, (size_t)n, busy);
	}
	free(b);
	free(busy);
	return rc;
}

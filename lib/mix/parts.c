/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "mix/parts.h"

struct part {
	double rest;
	size_t i;
};

static int
by_remainder(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->rest != y->rest)
		return x->rest > y->rest ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

int
parts_round(
    const double *v, size_t n, uint64_t parts, uint64_t *w, struct err *e)
{
	struct part *part = calloc(n, sizeof(*part));
	uint64_t left = parts;
	double sum = 0, x;
	size_t i;

	if (!part)
		return err_nomem(e, "shares");
	for (i = 0; i < n; i++)
		sum += v[i];
	for (i = 0; i < n; i++) {
		x = v[i] / sum * (double)parts;
		w[i] = (uint64_t)x;
		w[i] = w[i] < left ? w[i] : left;
		part[i] = (struct part){ x - (double)w[i], i };
		left -= w[i];
	}
	qsort(part, n, sizeof(*part), by_remainder);
	for (i = 0; left; left--, i = (i + 1) % n)
		w[part[i].i]++;
	free(part);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "filter/fasttext_best.h"

/* fastText adds this to every probability that it takes the logarithm of. */
#define FLOOR 1e-5
/* Logarithms down to that of FLOOR are told apart to some 1e-6. */
#define APART 4e-6
/* Of a probability. */
#define DIGITS 1e7

float
best_log(float p)
{
	return (float)log((double)p + FLOOR);
}

float
best_least(double log)
{
	return (float)(exp(log) * (1 - APART) - FLOOR);
}

static size_t
child(const struct fasttext_guess *v, size_t at)
{
	size_t right = 2 * at + 2;

	return v[right].p > v[right - 1].p ? right - 1 : right;
}

static void
sift_up(struct fasttext_guess *v, size_t hole, struct fasttext_guess x)
{
	for (; hole > 0 && v[(hole - 1) / 2].p > x.p; hole = (hole - 1) / 2)
		v[hole] = v[(hole - 1) / 2];
	v[hole] = x;
}

/* Move the least of the n guesses behind the others. */
static void
pop_least(struct fasttext_guess *v, size_t n)
{
	struct fasttext_guess x = v[n - 1];
	size_t hole = 0, left = n - 1, next;

	v[n - 1] = v[0];
	while (2 * hole + 2 < left) {
		next = child(v, hole);
		v[hole] = v[next];
		hole = next;
	}
	if (2 * hole + 2 == left) {
		v[hole] = v[left - 1];
		hole = left - 1;
	}
	sift_up(v, hole, x);
}

void
best_insert(
    struct fasttext_guess *v, size_t *n, size_t k, size_t label, float log)
{
	if (*n == k && log < v[0].p)
		return;
	sift_up(v, (*n)++, (struct fasttext_guess){ label, log });
	if (*n > k)
		pop_least(v, (*n)--);
}

void
best_sort(struct fasttext_guess *v, size_t n)
{
	size_t left, i;

	for (left = n; left > 1; left--)
		pop_least(v, left);
	for (i = 0; i < n; i++) {
		/* Last digits differ between math libraries. */
		v[i].p = nearbyint(exp(v[i].p) * DIGITS) / DIGITS;
		if (v[i].p > 1)
			v[i].p = 1;
	}
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/anchors.h"

/* Odd; 1 less is 4 times an odd number. */
#define BASE 0x9e3779b97f4a7c15u

int
anchors_init(struct anchors *a, size_t width, struct err *e)
{
	size_t i, cap = 1;

	*a = (struct anchors){ .width = width,
		.gram = width / 2,
		.ngram = width - width / 2 + 1,
		.power = 1 };
	while (cap < a->ngram)
		cap *= 2;
	a->mask = cap - 1;
	a->ring = calloc(cap, sizeof(*a->ring));
	if (!a->ring)
		return err_nomem(e, "anchors");
	for (i = 0; i < a->gram; i++)
		a->power *= BASE;
	return 0;
}

void
anchors_free(struct anchors *a)
{
	free(a->ring);
	a->ring = NULL;
}

/* The hash of the gram at i, those before it having been taken in order. */
static inline uint64_t
roll(struct anchors *a, size_t i)
{
	const unsigned char *p = (const unsigned char *)a->text.p + i;

	a->sum = a->sum * BASE + p[a->gram - 1];
	if (i)
		a->sum -= p[-1] * a->power;
	return mix64(a->sum);
}

/* The least of the grams of window i, of equal ones the last. */
static void
scan(struct anchors *a, size_t i)
{
	size_t k;
	uint64_t h;

	a->least = UINT64_MAX;
	for (k = i; k < i + a->ngram; k++) {
		h = a->ring[k & a->mask];
		if (h > a->least)
			continue;
		a->least = h;
		a->at = k;
	}
}

void
anchors_begin(struct anchors *a, struct str text)
{
	size_t i;

	a->text = text;
	a->sum = 0;
	a->next = 0;
	if (text.n < a->width)
		return;
	for (i = 0; i + 1 < a->gram; i++)
		a->sum = a->sum * BASE + (unsigned char)text.p[i];
	for (i = 0; i < a->ngram; i++)
		a->ring[i & a->mask] = roll(a, i);
	scan(a, 0);
}

bool
anchors_next(struct anchors *a, struct anchor_run *r)
{
	size_t i = a->next, at, last;
	uint64_t h;

	if (a->text.n < a->width || i > a->text.n - a->width)
		return false;
	at = a->at;
	last = a->text.n - a->width;
	*r = (struct anchor_run){ .hash = a->least, .start = (uint32_t)i };
	while (++i <= last) {
		h = roll(a, i + a->ngram - 1);
		a->ring[(i + a->ngram - 1) & a->mask] = h;
		if (h <= a->least) {
			a->least = h;
			a->at = i + a->ngram - 1;
			break;
		}
		if (at < i) {
			scan(a, i);
			break;
		}
	}
	a->next = i;
	r->n = (uint32_t)i - r->start;
	return true;
}

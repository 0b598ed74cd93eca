/* SPDX-License-Identifier: MIT */
#include "extract/forest.h"

int32_t
forest_vote(const struct forest *f, int class, const int32_t *x)
{
	const struct forest_node *n;
	int32_t sum = 0;
	int t, at;

	for (t = class; t < f->trees; t += f->classes) {
		at = f->root[t];
		while (at >= 0) {
			n = &f->node[at];
			/* no branch to mispredict */
			at = n->child[x[n->feature] > n->threshold];
		}
		sum += f->leaf[~at];
	}
	return sum;
}

/*
 * 65536 / (1 + exp(-i / 2)) for i = 0 to 16, by whose chords the curve is
 * drawn: libm's exp() may differ from machine to machine.
 */
static const int32_t curve[] = { 32768, 40793, 47911, 53581, 57724, 60565,
	62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500,
	65514 };

int32_t
forest_probability(int32_t odds)
{
	enum { STEP = FOREST_ONE / 2, STEPS = sizeof(curve) / sizeof(*curve) };
	int64_t a = odds < 0 ? -(int64_t)odds : odds, p;
	int64_t i = a / STEP;

	if (i >= STEPS - 1)
		p = curve[STEPS - 1];
	else
		p = curve[i] + (curve[i + 1] - curve[i]) * (a % STEP) / STEP;
	return (int32_t)(odds < 0 ? FOREST_ONE - p : p);
}

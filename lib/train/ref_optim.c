/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/ref.h"

void
ref_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	double *w = p, *m1 = m, *m2 = v, x;
	size_t i;

	for (i = 0; i < n; i++) {
		x = ((const double *)g)[i] * o->scale;
		m1[i] = o->beta1 * m1[i] + (1 - o->beta1) * x;
		m2[i] = o->beta2 * m2[i] + (1 - o->beta2) * x * x;
		w[i] -=
		    o->lr * (m1[i] / o->c1 / (sqrt(m2[i] / o->c2) + o->eps) +
				o->decay * w[i]);
	}
}

void
ref_lion(void *p, const void *g, void *m, size_t n, const struct adamw *o)
{
	double *w = p, *mean = m, x, u;
	size_t i;

	for (i = 0; i < n; i++) {
		x = ((const double *)g)[i] * o->scale;
		u = o->beta1 * mean[i] + (1 - o->beta1) * x;
		mean[i] = o->beta2 * mean[i] + (1 - o->beta2) * x;
		w[i] -= o->lr * ((u > 0) - (u < 0) + o->decay * w[i]);
	}
}

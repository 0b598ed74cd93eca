/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

SIMD static void
update(float *p, const float *g, float *m, float *v, size_t n,
    const struct adamw *o)
{
	float b1 = (float)o->beta1, b2 = (float)o->beta2, eps = (float)o->eps;
	float r1 = (float)(1 - o->beta1), r2 = (float)(1 - o->beta2);
	float scale = (float)o->scale, step = (float)(o->lr / o->c1);
	float root = (float)(1 / sqrt(o->c2)), keep, x;
	size_t i;

	keep = (float)(1 - o->lr * o->decay);
#pragma omp simd private(x)
	for (i = 0; i < n; i++) {
		x = g[i] * scale;
		m[i] = b1 * m[i] + r1 * x;
		v[i] = b2 * v[i] + r2 * x * x;
		p[i] = keep * p[i] -
		       step * m[i] / (__builtin_sqrtf(v[i]) * root + eps);
	}
}

void
cpu_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += OPS_CHUNK)
		update((float *)p + i, (const float *)g + i, (float *)m + i,
		    (float *)v + i, n - i < OPS_CHUNK ? n - i : OPS_CHUNK, o);
}

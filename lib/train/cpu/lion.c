/* SPDX-License-Identifier: MIT */
#include "train/cpu/vec.h"
#include "train/ops.h"

SIMD static void
update(float *p, const float *g, float *m, size_t n, const struct adamw *o)
{
	float b1 = (float)o->beta1, b2 = (float)o->beta2;
	float r1 = (float)(1 - o->beta1), r2 = (float)(1 - o->beta2);
	float scale = (float)o->scale, lr = (float)o->lr;
	float keep = (float)(1 - o->lr * o->decay), x, u;
	size_t i;

#pragma omp simd private(x, u)
	for (i = 0; i < n; i++) {
		x = g[i] * scale;
		u = b1 * m[i] + r1 * x;
		m[i] = b2 * m[i] + r2 * x;
		p[i] = keep * p[i] - (u > 0 ? lr : 0) + (u < 0 ? lr : 0);
	}
}

void
cpu_lion(void *p, const void *g, void *m, size_t n, const struct adamw *o)
{
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += OPS_CHUNK)
		update((float *)p + i, (const float *)g + i, (float *)m + i,
		    n - i < OPS_CHUNK ? n - i : OPS_CHUNK, o);
}

/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
update_by_sign(
    float *p, const float *g, float *m, size_t n, const struct adamw o)
{
	size_t i = element();
	float x, u;

	if (i >= n)
		return;
	x = g[i] * (float)o.scale;
	u = (float)o.beta1 * m[i] + (float)(1 - o.beta1) * x;
	m[i] = (float)o.beta2 * m[i] + (float)(1 - o.beta2) * x;
	p[i] = (float)(1 - o.lr * o.decay) * p[i] -
	       (float)o.lr * (float)((u > 0) - (u < 0));
}

void
cuda_lion(void *p, const void *g, void *m, size_t n, const struct adamw *o)
{
	LAUNCH(update_by_sign, blocks(n), THREADS, 0, (float *)p,
	    (const float *)g, (float *)m, n, *o);
}

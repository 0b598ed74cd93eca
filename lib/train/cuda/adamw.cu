/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
update(float *p, const float *g, float *m, float *v, size_t n,
    const struct adamw o)
{
	size_t i = element();
	float x;

	if (i >= n)
		return;
	x = g[i] * (float)o.scale;
	m[i] = (float)o.beta1 * m[i] + (float)(1 - o.beta1) * x;
	v[i] = (float)o.beta2 * v[i] + (float)(1 - o.beta2) * x * x;
	p[i] = (float)(1 - o.lr * o.decay) * p[i] -
	       (float)(o.lr / o.c1) * m[i] /
		   (sqrtf(v[i]) * (float)(1 / sqrt(o.c2)) + (float)o.eps);
}

void
cuda_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	LAUNCH(update, blocks(n), THREADS, 0, (float *)p, (const float *)g,
	    (float *)m, (float *)v, n, *o);
}

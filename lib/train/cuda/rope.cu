/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

/* A thread a pair of channels. */
static __global__ void
rotate(float *x, const float *table, size_t n, int T, int H, int D, int R,
    int stride, int pos, float way)
{
	size_t i = element(), half = R / 2, d, h, row;
	const float *cs;
	float *a, *b, u, v;

	if (i >= n)
		return;
	d = i % half;
	h = i / half % H;
	row = i / half / H;
	cs = table + (pos + row % T) * R;
	a = x + row * stride + h * D + d;
	b = a + half;
	u = *a;
	v = *b;
	*a = u * cs[d] - v * cs[half + d] * way;
	*b = v * cs[d] + u * cs[half + d] * way;
}

void
cuda_rope(void *x, const void *table, int B, int T, int H, int D, int R,
    int stride, int pos, int inverse)
{
	size_t n = (size_t)B * T * H * (R / 2);

	LAUNCH(rotate, blocks(n), THREADS, 0, (float *)x, (const float *)table,
	    n, T, H, D, R, stride, pos, inverse ? -1.f : 1.f);
}

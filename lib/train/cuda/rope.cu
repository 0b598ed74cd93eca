/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/ops.h"

/* A thread a pair of channels. */
template <typename number>
static __global__ void
rotate(number *x, const float *table, size_t n, int T, int H, int D, int R,
    int stride, int pos, float way)
{
	size_t i = element(), half = R / 2, d, h, row;
	const float *cs;
	number *a, *b;
	float u, v;

	if (i >= n)
		return;
	d = i % half;
	h = i / half % H;
	row = i / half / H;
	cs = table + (pos + row % T) * R;
	a = x + row * stride + h * D + d;
	b = a + half;
	u = get(*a);
	v = get(*b);
	put(a, u * cs[d] - v * cs[half + d] * way);
	put(b, v * cs[d] + u * cs[half + d] * way);
}

template <typename number>
static void
rope(void *x, const void *table, int B, int T, int H, int D, int R, int stride,
    int pos, int inverse)
{
	size_t n = (size_t)B * T * H * (R / 2);

	LAUNCH(rotate<number>, blocks(n), THREADS, 0, (number *)x,
	    (const float *)table, n, T, H, D, R, stride, pos,
	    inverse ? -1.f : 1.f);
}

TYPED(rope,
    (void *x, const void *table, int B, int T, int H, int D, int R, int stride,
	int pos, int inverse),
    (x, table, B, T, H, D, R, stride, pos, inverse))

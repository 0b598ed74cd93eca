/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/ops.h"

/*
 * A thread four pairs of channels, of a quarter of the head's; half: pairs of a
 * head, per: threads of one.
 */
template <typename number>
static __global__ void
rotate(number *x, const float *table, size_t n, int T, int H, int D, int R,
    int stride, int pos, float way, bool aligned)
{
	int half = R / 2, per = (half + 3) / 4, d, left;
	size_t i = element(), h, row;
	struct four u, v, c, s, a;
	const float *cs;
	number *to;

	if (i >= n)
		return;
	d = i % per * 4;
	left = half - d;
	h = i / per % H;
	row = i / per / H;
	cs = table + (pos + row % T) * R + d;
	to = x + row * stride + h * D + d;
	u = get_four(to, left, aligned);
	v = get_four(to + half, left, aligned);
	c = get_four(cs, left, aligned);
	s = get_four(cs + half, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++) {
		a.v[k] = u.v[k] * c.v[k] - v.v[k] * s.v[k] * way;
		v.v[k] = v.v[k] * c.v[k] + u.v[k] * s.v[k] * way;
	}
	put_four(to, a, left, aligned);
	put_four(to + half, v, left, aligned);
}

template <typename number>
static void
rope(void *x, const void *table, int B, int T, int H, int D, int R, int stride,
    int pos, int inverse)
{
	size_t n = (size_t)B * T * H * ((R / 2 + 3) / 4);
	bool aligned = fours((number *)x, stride) && fours((float *)table, R) &&
		       D % 4 == 0 && R % 8 == 0;

	LAUNCH(rotate<number>, blocks(n), THREADS, 0, (number *)x,
	    (const float *)table, n, T, H, D, R, stride, pos,
	    inverse ? -1.f : 1.f, aligned);
}

TYPED(rope,
    (void *x, const void *table, int B, int T, int H, int D, int R, int stride,
	int pos, int inverse),
    (x, table, B, T, H, D, R, stride, pos, inverse))

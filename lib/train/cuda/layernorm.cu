/* SPDX-License-Identifier: MIT */
#include "train/cuda/norm.h"
#include "train/ops.h"

/* A block a row; the variance from the differences, not from the squares. */
template <typename number>
static __global__ void
layernorm(number *out, float *stats, const number *in, const float *w,
    const float *b, int C, float eps, bool aligned)
{
	const number *x = in + (size_t)blockIdx.x * C;
	number *y = out + (size_t)blockIdx.x * C;
	float sum = 0, square = 0, mean, r;
	struct four u, v, s;

	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		u = get_four(x + c, C - c, aligned);
		sum += u.v[0] + u.v[1] + u.v[2] + u.v[3];
	}
	mean = block_sum(sum) / C;
	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		u = get_four(x + c, C - c, aligned);
		for (int i = 0; i < 4 && i < C - c; i++)
			square += (u.v[i] - mean) * (u.v[i] - mean);
	}
	r = 1 / sqrtf(block_sum(square) / C + eps);
	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		u = get_four(x + c, C - c, aligned);
		v = get_four(w + c, C - c, aligned);
		s = get_four(b + c, C - c, aligned);
		UNROLL
		for (int i = 0; i < 4; i++)
			u.v[i] = (u.v[i] - mean) * r * v.v[i] + s.v[i];
		put_four(y + c, u, C - c, aligned);
	}
	if (threadIdx.x == 0) {
		stats[2 * blockIdx.x] = mean;
		stats[2 * blockIdx.x + 1] = r;
	}
}

template <typename number>
static void
layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	bool aligned = fours((number *)out, C) && fours((number *)in, C) &&
		       fours((float *)w, C) && fours((float *)b, C);

	LAUNCH(layernorm<number>, (unsigned)N, THREADS, 0, (number *)out,
	    (float *)stats, (const number *)in, (const float *)w,
	    (const float *)b, C, (float)eps, aligned);
}

template <typename number>
static void
layernorm_bwd(void *din, void *dw, void *db, const void *dout, const void *in,
    const void *w, const void *stats, int N, int C, int accumulate)
{
	norm_bwd<number>((float *)dw, (float *)db,
	    { (number *)din, (const number *)dout, (const number *)in,
		(const float *)w, (const float *)stats, N, C, true,
		accumulate != 0, false });
}

TYPED(layernorm_fwd,
    (void *out, void *stats, const void *in, const void *w, const void *b,
	int N, int C, double eps),
    (out, stats, in, w, b, N, C, eps))
TYPED(layernorm_bwd,
    (void *din, void *dw, void *db, const void *dout, const void *in,
	const void *w, const void *stats, int N, int C, int accumulate),
    (din, dw, db, dout, in, w, stats, N, C, accumulate))

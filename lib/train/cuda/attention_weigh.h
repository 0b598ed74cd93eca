/* SPDX-License-Identifier: MIT */
/*
 * What becomes of scores, for both kinds of tensor-core kernels: a warp has 16
 * rows of a tile, and perhaps 16 more 64 rows on; M says how many times.
 * Source: Dao, arXiv 2307.08691, algorithm 1.
 */
#ifndef TRAIN_CUDA_ATTENTION_WEIGH_H
#define TRAIN_CUDA_ATTENTION_WEIGH_H

#include "train/cuda/attention_mma.h"

/* A warp's rows: 16 from 16 * warp on, and APART further. */
static const int APART = 64;

/* Of this thread's rows: the running maximum, sum and output. */
template <int M, int D> struct answer {
	float top[M][2], sum[M][2], out[M][D / 8][4];
};

template <int M, int D>
static __device__ __forceinline__ void
begin_answer(struct answer<M, D> &a)
{
	UNROLL
	for (int m = 0; m < M; m++) {
		UNROLL
		for (int r = 0; r < 2; r++) {
			a.top[m][r] = -INFINITY;
			a.sum[m][r] = 0;
		}
		UNROLL
		for (int n = 0; n < D / 8; n++)
			UNROLL
		for (int i = 0; i < 4; i++)
			a.out[m][n][i] = 0;
	}
}

/* Which row of the block number i of m's sums is in, and which column. */
static __device__ __forceinline__ int
row_of(int m, int i)
{
	return m * APART + threadIdx.x / WARP * 16 + threadIdx.x % WARP / 4 +
	       i / 2 * 8;
}

static __device__ __forceinline__ int
column_of(int n, int i)
{
	return n * 8 + threadIdx.x % 4 * 2 + i % 2;
}

/* Scores that nobody looks at. */
template <int M, int N>
static __device__ __forceinline__ void
hide(float (&x)[M][N][4], const struct sight &s, int b, int t0, int j0)
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int i = 0; i < 4; i += 2) {
		int t = min(t0 + row_of(m, i), s.T - 1);
		/* Of this thread's columns, from its first one on. */
		int from = s.from(b, t) - j0 - column_of(0, 0);
		int to = s.to(b, t) - j0 - column_of(0, 0);

		UNROLL
		for (int n = 0; n < N; n++)
			UNROLL
		for (int e = 0; e < 2; e++)
			if (n * 8 + e < from || n * 8 + e > to)
				x[m][n][i + e] = -INFINITY;
	}
}

/* Biases; the scores then count as powers of 2. */
template <int M, int N>
static __device__ __forceinline__ void
add_biases(float (&x)[M][N][4], const struct sight &s, int h, int distance)
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
	for (int i = 0; i < 4; i++) {
		int d = distance + column_of(n, i) - row_of(m, i);

		d = max(min(d, s.o.span - 1), -s.o.span);
		x[m][n][i] =
		    (x[m][n][i] * (float)s.o.scale + s.bias(h, d)) * LOG2_E;
	}
}

/*
 * Scores become weights, 2^(factor (score - top)); what was before is to be
 * multiplied by shrink.
 */
template <int M, int D, int N>
static __device__ __forceinline__ void
weigh(float (&x)[M][N][4], struct answer<M, D> &a, float (&shrink)[M][2],
    float factor)
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int r = 0; r < 2; r++) {
		float top = a.top[m][r], base, sum = 0;

		UNROLL
		for (int n = 0; n < N; n++)
			top = fmaxf(
			    top, fmaxf(x[m][n][2 * r], x[m][n][2 * r + 1]));
		top = row_max(top);
		base = top == -INFINITY ? 0 : top * factor;
		shrink[m][r] = power_of_2(a.top[m][r] * factor - base);
		a.top[m][r] = top;
		UNROLL
		for (int n = 0; n < N; n++)
			UNROLL
		for (int i = 2 * r; i < 2 * r + 2; i++) {
			x[m][n][i] = power_of_2(x[m][n][i] * factor - base);
			sum += x[m][n][i];
		}
		a.sum[m][r] = a.sum[m][r] * shrink[m][r] + sum;
	}
}

template <int M, int D>
static __device__ __forceinline__ void
shrink_output(struct answer<M, D> &a, const float (&shrink)[M][2])
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int n = 0; n < D / 8; n++)
		UNROLL
	for (int i = 0; i < 4; i++)
		a.out[m][n][i] *= shrink[m][i / 2];
}

template <typename Number, int M, int D>
static __device__ __forceinline__ void
write_answer(Number *out, float *lse, const struct sight &s,
    const struct answer<M, D> &a, int b, int h, int t0, float factor)
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int r = 0; r < 2; r++) {
		int t = t0 + row_of(m, 2 * r);
		size_t at = ((size_t)b * s.T + t) * s.o.H + h;
		float sum = row_sum(a.sum[m][r]), share = 1 / sum;

		if (t >= s.T)
			continue;
		if (threadIdx.x % 4 == 0)
			lse[at] = a.top[m][r] * factor * LN_2 + logf(sum);
		UNROLL
		for (int n = 0; n < D / 8; n++)
			put_pair(out + at * D + column_of(n, 0),
			    a.out[m][n][2 * r] * share,
			    a.out[m][n][2 * r + 1] * share);
	}
}

#endif

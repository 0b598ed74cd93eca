/* SPDX-License-Identifier: MIT */
/*
 * A block has 128 queries of a head, each of its four warps two times 16 of
 * them, and goes over tiles of keys.  The values of a tile are on their way
 * while its scores are computed, the next keys while its weights are.  Two
 * blocks fit a multiprocessor, so one multiplies while the other takes powers.
 * Source: Dao, arXiv 2307.08691, algorithm 1.
 */
#include "train/cuda/attention_mma.h"

static const int FWD_ROWS = 128, FWD_WARPS = 4, FWD_THREADS = FWD_WARPS * WARP;
/* A warp's rows: 16 from 16 * warp on, and APART further. */
static const int APART = FWD_ROWS / 2;

/* Keys a tile: as registers for scores and outputs allow. */
static constexpr __host__ __device__ int
fwd_columns(int D)
{
	return D == 64 ? 128 : 64;
}

/* Of this thread's rows: the running maximum, sum and output. */
template <int D> struct answer {
	float top[2][2], sum[2][2], out[2][D / 8][4];
};

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
template <int N>
static __device__ __forceinline__ void
hide(float (&x)[2][N][4], const struct sight &s, int b, int t0, int j0)
{
	UNROLL
	for (int m = 0; m < 2; m++)
		UNROLL
		for (int i = 0; i < 4; i += 2) {
			int t = min(t0 + row_of(m, i), s.T - 1);
			int from = s.from(b, t) - j0, to = s.to(b, t) - j0;

			UNROLL
			for (int n = 0; n < N; n++)
				UNROLL
				for (int e = i; e < i + 2; e++) {
					int j = column_of(n, e);

					if (j < from || j > to)
						x[m][n][e] = -INFINITY;
				}
		}
}

/* Biases; the scores then count as powers of 2. */
template <int N>
static __device__ __forceinline__ void
add_biases(float (&x)[2][N][4], const struct sight &s, int h, int distance)
{
	UNROLL
	for (int m = 0; m < 2; m++)
		UNROLL
		for (int n = 0; n < N; n++)
			UNROLL
			for (int i = 0; i < 4; i++) {
				int d = distance + column_of(n, i) -
					row_of(m, i);

				d = max(min(d, s.o.span - 1), -s.o.span);
				x[m][n][i] = (x[m][n][i] * (float)s.o.scale +
						 s.bias(h, d)) *
					     LOG2_E;
			}
}

/* Scores become weights, 2^(factor (score - top)); what was before shrinks. */
template <int D, int N>
static __device__ __forceinline__ void
weigh(float (&x)[2][N][4], struct answer<D> &a, float factor)
{
	UNROLL
	for (int m = 0; m < 2; m++)
		UNROLL
		for (int r = 0; r < 2; r++) {
			float top = a.top[m][r], base, shrink, sum = 0;

			UNROLL
			for (int n = 0; n < N; n++)
				top = fmaxf(top,
				    fmaxf(x[m][n][2 * r], x[m][n][2 * r + 1]));
			top = row_max(top);
			base = top == -INFINITY ? 0 : top * factor;
			shrink = power_of_2(a.top[m][r] * factor - base);
			a.top[m][r] = top;
			UNROLL
			for (int n = 0; n < N; n++)
				UNROLL
				for (int i = 2 * r; i < 2 * r + 2; i++) {
					x[m][n][i] = power_of_2(
					    x[m][n][i] * factor - base);
					sum += x[m][n][i];
				}
			a.sum[m][r] = a.sum[m][r] * shrink + sum;
			UNROLL
			for (int n = 0; n < D / 8; n++) {
				a.out[m][n][2 * r] *= shrink;
				a.out[m][n][2 * r + 1] *= shrink;
			}
		}
}

template <typename Number, int D>
static __device__ __forceinline__ void
write_answer(Number *out, float *lse, const struct sight &s,
    const struct answer<D> &a, int b, int h, int t0, float factor)
{
	UNROLL
	for (int m = 0; m < 2; m++)
		UNROLL
		for (int r = 0; r < 2; r++) {
			int t = t0 + row_of(m, 2 * r);
			size_t at = ((size_t)b * s.T + t) * s.o.H + h;
			float sum = row_sum(a.sum[m][r]);

			if (t >= s.T)
				continue;
			if (threadIdx.x % 4 == 0)
				lse[at] =
				    a.top[m][r] * factor * LN_2 + logf(sum);
			UNROLL
			for (int n = 0; n < D / 8; n++)
				put_pair(out + at * D + column_of(n, 0),
				    a.out[m][n][2 * r] / sum,
				    a.out[m][n][2 * r + 1] / sum);
		}
}

/* (tiles of queries, H, B), the longest first. */
template <typename Number, int D, bool BIASED>
static __global__ void
__launch_bounds__(FWD_THREADS, 2)
attend_mma(Number *out, float *lse, const struct scene<Number> s)
{
	constexpr int N = fwd_columns(D), P = pitch(D);
	int b = blockIdx.z, h = blockIdx.y, kv = h / (s.o.H / s.o.K);
	int t0 = (gridDim.x - 1 - blockIdx.x) * FWD_ROWS;
	int rows = min(FWD_ROWS, s.T - t0), j0 = s.from(b, t0) / N * N;
	int end = s.to(b, t0 + rows - 1);
	/* Tiles between these are seen whole by every query. */
	int clear = s.from(b, t0 + rows - 1), clear_to = s.to(b, t0);
	float factor = BIASED ? 1 : (float)s.o.scale * LOG2_E;
	struct answer<D> a = {};

	SHARED(uint16_t, q);
	uint16_t *k = q + FWD_ROWS * P, *v = k + N * P;
	const uint16_t *mine = q + threadIdx.x / WARP * 16 * P;

	a.top[0][0] = a.top[0][1] = a.top[1][0] = a.top[1][1] = -INFINITY;
	fetch<D, FWD_ROWS, FWD_THREADS>(
	    q, s.query(b, t0, h), s.stride, rows);
	fetch<D, N, FWD_THREADS>(k, s.key(b, j0, kv), s.stride, s.T - j0);
	for (; j0 <= end; j0 += N) {
		float x[2][N / 8][4] = {};
		uint32_t weights[2][N / 16][4];

		wait_for_copies();
		__syncthreads();
		fetch<D, N, FWD_THREADS>(
		    v, s.value(b, j0, kv), s.stride, s.T - j0);
		times_rows<Number, D>(x, mine, APART, k);
		if (BIASED)
			add_biases(x, s, h, j0 - t0);
		if (j0 < clear || j0 + N - 1 > clear_to)
			hide(x, s, b, t0, j0);
		wait_for_copies();
		__syncthreads();
		if (j0 + N <= end)
			fetch<D, N, FWD_THREADS>(k, s.key(b, j0 + N, kv),
			    s.stride, s.T - j0 - N);
		weigh<D>(x, a, factor);
		as_factor<Number>(weights, x);
		times_columns<Number, P>(a.out, weights, v);
	}
	write_answer<Number, D>(out, lse, s, a, b, h, t0, factor);
}

template <typename Number, int D, bool BIASED>
static void
launch(Number *out, float *lse, const struct scene<Number> &s, int B)
{
	size_t shared = (FWD_ROWS + 2 * fwd_columns(D)) * pitch(D) *
			sizeof(uint16_t);
	dim3 grid((unsigned)((s.T + FWD_ROWS - 1) / FWD_ROWS), (unsigned)s.o.H,
	    (unsigned)B);

	allow_shared(attend_mma<Number, D, BIASED>, shared);
	LAUNCH((attend_mma<Number, D, BIASED>), grid, FWD_THREADS, shared, out, lse,
	    s);
}

template <typename Number>
bool
mma_attention_fwd(
    Number *out, float *lse, const struct scene<Number> &s, int B)
{
	if (!mma_fits(&s.o))
		return false;
#define RUN(D) \
	(s.o.bias ? launch<Number, D, true> : launch<Number, D, false>)( \
	    out, lse, s, B)
	BY_HEAD(s.o.D, RUN);
#undef RUN
	return true;
}

template bool mma_attention_fwd(
    bf16 *, float *, const struct scene<bf16> &, int);
template bool mma_attention_fwd(f16 *, float *, const struct scene<f16> &, int);

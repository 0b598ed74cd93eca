/* SPDX-License-Identifier: MIT */
/*
 * A block has 128 queries of a head, each of its four warps two times 16 of
 * them, and goes over tiles of keys.  The values of a tile are on their way
 * while its scores are computed, the next keys while its weights are.  Two
 * blocks fit a multiprocessor, so one multiplies while the other takes powers.
 * Source: Dao, arXiv 2307.08691, algorithm 1.
 */
#include "train/cuda/attention_weigh.h"

static const int FWD_ROWS = 128, FWD_WARPS = 4, FWD_THREADS = FWD_WARPS * WARP;
/* Keys a tile: as registers for scores and outputs allow. */
static constexpr __host__ __device__ int
fwd_columns(int D)
{
	return D == 64 ? 128 : 64;
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
	struct answer<2, D> a;

	SHARED(uint16_t, q);
	uint16_t *k = q + FWD_ROWS * P, *v = k + N * P;
	const uint16_t *mine = q + threadIdx.x / WARP * 16 * P;

	begin_answer(a);
	fetch<D, FWD_ROWS, FWD_THREADS>(
	    q, s.query(b, t0, h), s.stride, rows);
	fetch<D, N, FWD_THREADS>(k, s.key(b, j0, kv), s.stride, s.T - j0);
	for (; j0 <= end; j0 += N) {
		float x[2][N / 8][4] = {}, shrink[2][2];
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
		weigh(x, a, shrink, factor);
		shrink_output(a, shrink);
		as_factor<Number>(weights, x);
		times_columns<Number, P>(a.out, weights, v);
	}
	write_answer(out, lse, s, a, b, h, t0, factor);
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

/* SPDX-License-Identifier: MIT */
/*
 * What both tensor-core kernels of the way back share.  A block has 128 keys of
 * a head, each of its eight warps 16 of them, and goes over tiles of Q queries
 * that look at them, from the first one on.  To a query's gradient each block
 * adds its share in turn: those of higher keys first, so that the sum is the
 * same each time.  Blocks take their keys in that order too, so what a block
 * waits for is always under way; and as each begins at its own keys, all are at
 * different queries at any time: nobody waits for long.
 * Source: Dao, arXiv 2307.08691, algorithm 2.
 */
#ifndef TRAIN_CUDA_ATTENTION_GRADS_H
#define TRAIN_CUDA_ATTENTION_GRADS_H

#include "train/cuda/attention_mma.h"

static const int BWD_KEYS = 128, BWD_WARPS = 8;

/*
 * What the way back reads.  Of each query, (B,H,rows) with rows() of them: its
 * lse as a power of 2, infinite where there is no query, and delta = out .
 * dout.
 */
template <typename Number> struct mma_back {
	struct scene<Number> s;
	Number *dqkv;
	const Number *dout;
	const float *lse, *delta;
	float *dq; /* (B*T,H*D) while it is added up */
	/* turn (B,H,tiles of queries,2): whose it is; next: keys to be taken */
	int *turn, *next;

	__device__ __host__ int
	rows(void) const
	{
		return (s.T + BWD_KEYS - 1) / BWD_KEYS * BWD_KEYS;
	}
	__device__ size_t
	at(int b, int t, int h) const
	{
		return ((size_t)b * s.T + t) * s.o.H + h;
	}
	__device__ size_t
	of_query(int b, int t, int h) const
	{
		return ((size_t)b * s.o.H + h) * rows() + t;
	}
};

/* One tile of keys, and the tiles of queries that look at it. */
struct tile_of_keys {
	int b, kv, j0, from, tiles; /* tiles: of queries, a head */
};

/* A warp a query, or none. */
template <typename Number>
static __global__ void
describe_queries(float *lse, float *delta, const struct mma_back<Number> x,
    const Number *out, const float *of, size_t n)
{
	size_t i = element() / WARP, rows = x.rows();
	int D = x.s.o.D, t = i % rows, h = i / rows % x.s.o.H;
	size_t at = x.at(i / rows / x.s.o.H, t, h);
	bool there = i < n && t < x.s.T;
	float sum = 0;

	for (int d = threadIdx.x % WARP * 2; there && d < D; d += 2 * WARP) {
		uint32_t g = *(const uint32_t *)(x.dout + at * D + d);
		uint32_t y = *(const uint32_t *)(out + at * D + d);

		sum += Number::low(y) * Number::low(g) +
		       Number::high(y) * Number::high(g);
	}
	sum = warp_sum(sum);
	if (i < n && threadIdx.x % WARP == 0) {
		lse[i] = there ? of[at] * LOG2_E : INFINITY;
		delta[i] = sum;
	}
}

template <int Q, typename Number>
static __device__ __forceinline__ struct tile_of_keys
take_keys(const struct mma_back<Number> &x, int *shared)
{
	const struct sight &s = x.s;
	int tiles = (s.T + BWD_KEYS - 1) / BWD_KEYS, n, to;
	struct tile_of_keys k;

	if (threadIdx.x == 0)
		*shared = take_number(x.next);
	__syncthreads();
	n = *shared;
	k.j0 = (tiles - 1 - n % tiles) * BWD_KEYS;
	k.kv = n / tiles % s.o.K;
	k.b = n / tiles / s.o.K;
	/* What a position looks at never falls along a row. */
	k.from = s.o.last ? 0 : k.j0 / Q;
	while (s.to(k.b, min((k.from + 1) * Q, s.T) - 1) < k.j0)
		k.from++;
	to = (s.T + Q - 1) / Q - 1;
	while (to > k.from && s.from(k.b, to * Q) >= k.j0 + BWD_KEYS)
		to--;
	k.tiles = to - k.from + 1;
	return k;
}

/* Which of those that add to tile m of queries has these keys? */
template <int Q>
static __device__ __forceinline__ int
turn_of(const struct sight &s, const struct tile_of_keys &k, int m)
{
	return (s.to(k.b, min((m + 1) * Q, s.T) - 1) - k.j0) / BWD_KEYS;
}

/* The key of number i of this thread's sums, in its tile; and the query. */
static __device__ __forceinline__ int
key_of(int i)
{
	return threadIdx.x / WARP * 16 + threadIdx.x % WARP / 4 + i / 2 * 8;
}

static __device__ __forceinline__ int
query_of(int n, int i)
{
	return n * 8 + threadIdx.x % 4 * 2 + i % 2;
}

/* Scores (keys, 8 N queries) become weights; lse: of the tile's queries. */
template <bool BIASED, int N>
static __device__ __forceinline__ void
weigh_keys(float (&x)[1][N][4], const struct sight &s, const float *lse, int b,
    int h, int t0, int j0)
{
	float factor = (float)s.o.scale * LOG2_E;
	/* All of a tile's second half may lie behind the last position. */
	int first = min(t0, s.T - 1), last = min(t0 + 8 * N, s.T) - 1;

	UNROLL
	for (int n = 0; n < N; n++) {
		float2 of = *(const float2 *)(lse + query_of(n, 0));

		UNROLL
		for (int i = 0; i < 4; i++) {
			float y = x[0][n][i] * factor;
			int d = j0 + key_of(i) - t0 - query_of(n, i);

			if (BIASED)
				y += s.bias(h,
					 max(min(d, s.o.span - 1), -s.o.span)) *
				     LOG2_E;
			x[0][n][i] = power_of_2(y - (i % 2 ? of.y : of.x));
		}
	}
	if (s.from(b, last) <= j0 && j0 + BWD_KEYS - 1 <= s.to(b, first))
		return;
	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
	for (int e = 0; e < 2; e++) {
		int t = min(t0 + query_of(n, e), s.T - 1);
		int from = s.from(b, t) - j0, to = s.to(b, t) - j0;

		UNROLL
		for (int i = e; i < 4; i += 2)
			if (key_of(i) < from || key_of(i) > to)
				x[0][n][i] = 0;
	}
}

/* dw: gradients of weights become those of scores, weights * (dw - delta). */
template <int N>
static __device__ __forceinline__ void
score_grads(float (&dw)[1][N][4], const float (&w)[1][N][4], const float *delta)
{
	UNROLL
	for (int n = 0; n < N; n++) {
		float2 of = *(const float2 *)(delta + query_of(n, 0));

		UNROLL
		for (int i = 0; i < 4; i++)
			dw[0][n][i] =
			    w[0][n][i] * (dw[0][n][i] - (i % 2 ? of.y : of.x));
	}
}

/*
 * Adds 16 rows of a warp, 8 N channels from c on, to the gradients of queries t
 * and t + 8, this thread's; the first who does writes them.
 */
template <typename Number, int N>
static __device__ __forceinline__ void
add_query_grads(const struct mma_back<Number> &x, const float (&dq)[1][N][4],
    int b, int h, int t, int c, bool first)
{
	float scale = (float)x.s.o.scale;

	UNROLL
	for (int r = 0; r < 2; r++, t += 8) {
		float *to =
		    x.dq + x.at(b, t, h) * x.s.o.D + c + threadIdx.x % 4 * 2;

		if (t >= x.s.T)
			continue;
		UNROLL
		for (int n = 0; n < N; n++) {
			float u = dq[0][n][2 * r] * scale;
			float v = dq[0][n][2 * r + 1] * scale;

			if (first)
				put_pair(to + n * 8, u, v);
			else
				add_pair(to + n * 8, u, v);
		}
	}
}

template <int D, typename Number>
static __device__ __forceinline__ void
write_key_grads(const struct mma_back<Number> &x, const struct tile_of_keys &k,
    const float (&dk)[1][D / 8][4], const float (&dv)[1][D / 8][4])
{
	const struct sight &s = x.s;
	float scale = (float)s.o.scale;

	UNROLL
	for (int i = 0; i < 4; i += 2) {
		int j = k.j0 + key_of(i);
		Number *to = x.dqkv + ((size_t)k.b * s.T + j) * x.s.stride +
			     (s.o.H + k.kv) * D + query_of(0, 0);

		if (j >= s.T)
			continue;
		UNROLL
		for (int n = 0; n < D / 8; n++) {
			put_pair(to + n * 8, dk[0][n][i] * scale,
			    dk[0][n][i + 1] * scale);
			put_pair(to + s.o.K * D + n * 8, dv[0][n][i],
			    dv[0][n][i + 1]);
		}
	}
}

/* A thread four channels: the sums where they belong, rounded. */
template <typename Number>
static __global__ void
round_query_grads(const struct mma_back<Number> x, size_t n)
{
	size_t i = element() * 4, row = (size_t)x.s.o.H * x.s.o.D;

	if (i < n)
		put_aligned(x.dqkv + i / row * x.s.stride + i % row,
		    get_aligned(x.dq + i));
}

static __global__ void
clear_turns(int *p, size_t n)
{
	if (element() < n)
		p[element()] = 0;
}

/*
 * The way back around a kernel that adds up: ADD(x, B) for tiles of Q queries.
 * Does nothing without memory.
 */
template <int Q, typename Number, typename Add>
static void
all_attention_grads(Number *dqkv, const Number *dout, const Number *out,
    const struct scene<Number> &s, const float *lse, int B, Add add)
{
	struct mma_back<Number> x = {
	};
	size_t n = (size_t)B * s.T * s.o.H * s.o.D, queries, turns;
	size_t heads = (size_t)B * s.o.H;
	float *delta, *of;

	x.s = s;
	x.dqkv = dqkv;
	x.dout = dout;
	queries = heads * x.rows();
	turns = 1 + 2 * heads * ((s.T + Q - 1) / Q);
	x.dq = (float *)device_scratch(
	    (n + 3 + 2 * queries) * sizeof(float) + turns * sizeof(int));
	if (!x.dq)
		return;
	/* Tiles of queries' numbers are copied 16 bytes at a time. */
	x.lse = of = x.dq + (n + 3) / 4 * 4;
	x.delta = delta = of + queries;
	x.next = (int *)(delta + queries);
	x.turn = x.next + 1;
	LAUNCH(clear_turns, blocks(turns), THREADS, 0, x.next, turns);
	LAUNCH(describe_queries<Number>, blocks(queries * WARP), THREADS, 0, of,
	    delta, x, out, lse, queries);
	add(x);
	LAUNCH(round_query_grads<Number>, blocks(n / 4), THREADS, 0, x, n);
}

/* As many blocks as there are tiles of keys in all heads of keys. */
static inline unsigned
blocks_of_keys(const struct sight &s, int B)
{
	return (unsigned)((s.T + BWD_KEYS - 1) / BWD_KEYS) * (unsigned)s.o.K *
	       (unsigned)B;
}

#endif

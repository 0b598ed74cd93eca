/* SPDX-License-Identifier: MIT */
/*
 * The way back of attention, in two passes so that no sum is shared between
 * blocks: queries gather from their keys, then keys from their queries.
 * Source: Dao et al., arXiv 2205.14135, algorithm 4.
 */
#include "train/cuda/attention.h"
#include "train/cuda/attention_choice.h"
#include "train/cuda/attention_wgmma.h"
#include "train/cuda/device.h"

/* What the way back reads; delta (B*T,H) = out . dout of each query. */
template <typename number> struct back {
	struct scene<number> s;
	const number *dout;
	const float *lse, *delta;

	__device__ const number *
	grad(int b, int t, int h) const
	{
		return dout + (((size_t)b * s.T + t) * s.o.H + h) * s.o.D;
	}
	__device__ size_t
	at(int b, int t, int h) const
	{
		return ((size_t)b * s.T + t) * s.o.H + h;
	}
};

/* A warp a query. */
template <typename number>
static __global__ void
deltas(float *delta, const number *out, const number *dout, size_t n, int D)
{
	size_t i = element() / WARP;
	float sum = 0;

	for (int d = threadIdx.x % WARP; i < n && d < D; d += WARP)
		sum += get(out[i * D + d]) * get(dout[i * D + d]);
	sum = warp_sum(sum);
	if (i < n && threadIdx.x % WARP == 0)
		delta[i] = sum;
}

/*
 * Of query (b,t,h) for key j, whose channels are q, g (the query's gradient),
 * k, v: the weight as it was used, and the gradient of the score.
 */
struct share {
	float weight, dscore;
};

template <typename number, typename tile>
static __device__ struct share
share_of(const struct back<number> &x, int b, int t, int h, int j,
    const tile *q, const tile *g, const tile *k, const tile *v)
{
	const struct scene<number> &s = x.s;
	size_t at = x.at(b, t, h);
	float score, weight, keep;

	if (j < s.from(b, t) || j > s.to(b, t))
		return { 0, 0 };
	score = dot(q, k, s.o.D) * (float)s.o.scale + s.bias(h, j - t);
	weight = expf(score - x.lse[at]);
	keep = s.kept(b, t, h, j);
	return { weight * keep,
		weight * (dot(g, v, s.o.D) * keep - x.delta[at]) };
}

/* A block a tile of queries of one head: (tiles, H, B). */
template <typename number, int CHANNELS>
static __global__ void
query_grads(number *dqkv, const struct back<number> x)
{
	const struct scene<number> &s = x.s;
	int D = s.o.D, b = blockIdx.z, h = blockIdx.y, kv = h / (s.o.H / s.o.K);
	int row = threadIdx.x / LANES, lane = threadIdx.x % LANES;
	int t0 = blockIdx.x * ROWS, rows = min(ROWS, s.T - t0), t = t0 + row;
	int end = s.to(b, t0 + rows - 1), W = D + 1;
	float dq[CHANNELS] = {};

	SHARED(float, q);
	float *g = q + ROWS * W, *k = g + ROWS * W, *v = k + COLS * W;
	float *ds = v + COLS * W + row * COLS;

	load_tile(q, s.query(b, t0, h), s.stride, ROWS, rows, D);
	load_tile(g, x.grad(b, t0, h), (size_t)s.o.H * D, ROWS, rows, D);
	for (int j0 = s.from(b, t0); j0 <= end; j0 += COLS) {
		__syncthreads();
		load_tile(k, s.key(b, j0, kv), s.stride, COLS, s.T - j0, D);
		load_tile(v, s.value(b, j0, kv), s.stride, COLS, s.T - j0, D);
		__syncthreads();
		for (int c = lane; c < COLS; c += LANES)
			ds[c] = t < s.T && j0 + c < s.T
				    ? share_of(x, b, t, h, j0 + c, q + row * W,
					  g + row * W, k + c * W, v + c * W)
					  .dscore
				    : 0;
		__syncwarp();
		for (int n = 0; n < CHANNELS; n++)
			for (int j = 0; lane + n * LANES < D && j < COLS; j++)
				dq[n] += ds[j] * k[j * W + lane + n * LANES];
	}
	for (int n = 0, d = lane; t < s.T && n < CHANNELS; n++, d += LANES)
		if (d < D)
			put(dqkv + ((size_t)b * s.T + t) * s.stride + h * D + d,
			    dq[n] * (float)s.o.scale);
}

/* The gradients of a key and its value that a thread holds. */
template <int CHANNELS> struct pair_grads {
	float dk[CHANNELS], dv[CHANNELS];
};

/* Adds a tile of queries t0 .. of head h, whose channels are q and g. */
template <typename number, int CHANNELS>
static __device__ void
add_queries(struct pair_grads<CHANNELS> &sum, const struct back<number> &x,
    int b, int t0, int h, int j, const float *q, const float *g, const float *k,
    const float *v, float *weight, float *ds)
{
	int D = x.s.o.D, W = D + 1, lane = threadIdx.x % LANES;

	for (int c = lane; c < COLS; c += LANES) {
		struct share w = { 0, 0 };

		if (j < x.s.T && t0 + c < x.s.T)
			w = share_of(
			    x, b, t0 + c, h, j, q + c * W, g + c * W, k, v);
		weight[c] = w.weight;
		ds[c] = w.dscore;
	}
	__syncwarp();
	for (int n = 0; n < CHANNELS; n++)
		for (int c = 0; lane + n * LANES < D && c < COLS; c++) {
			int d = c * W + lane + n * LANES;

			sum.dk[n] += ds[c] * q[d];
			sum.dv[n] += weight[c] * g[d];
		}
}

/* A block a tile of keys of one head of keys: (tiles, K, B). */
template <typename number, int CHANNELS>
static __global__ void
key_grads(number *dqkv, const struct back<number> x)
{
	const struct scene<number> &s = x.s;
	int D = s.o.D, b = blockIdx.z, kv = blockIdx.y, W = D + 1;
	int group = s.o.H / s.o.K, row = threadIdx.x / LANES;
	int lane = threadIdx.x % LANES, j0 = blockIdx.x * ROWS, j = j0 + row;
	int last = min(s.T, j0 + ROWS) - 1;
	struct pair_grads<CHANNELS> sum = {
	};

	SHARED(float, k);
	float *v = k + ROWS * W, *q = v + ROWS * W, *g = q + COLS * W;
	float *weight = g + COLS * W + row * COLS, *ds = weight + ROWS * COLS;

	load_tile(k, s.key(b, j0, kv), s.stride, ROWS, s.T - j0, D);
	load_tile(v, s.value(b, j0, kv), s.stride, ROWS, s.T - j0, D);
	for (int t0 = 0; t0 < s.T; t0 += COLS) {
		int end = min(s.T, t0 + COLS) - 1;

		/* What a position looks at never falls along a row. */
		if (s.to(b, end) < j0 || s.from(b, t0) > last)
			continue;
		for (int h = kv * group; h < (kv + 1) * group; h++) {
			__syncthreads();
			load_tile(
			    q, s.query(b, t0, h), s.stride, COLS, s.T - t0, D);
			load_tile(g, x.grad(b, t0, h), (size_t)s.o.H * D, COLS,
			    s.T - t0, D);
			__syncthreads();
			add_queries(sum, x, b, t0, h, j, q, g, k + row * W,
			    v + row * W, weight, ds);
		}
	}
	for (int n = 0, d = lane; j < s.T && n < CHANNELS; n++, d += LANES) {
		number *to = dqkv + ((size_t)b * s.T + j) * s.stride +
			    (s.o.H + kv) * D + d;

		if (d >= D)
			continue;
		put(to, sum.dk[n] * (float)s.o.scale);
		put(to + s.o.K * D, sum.dv[n]);
	}
}

/* A block a distance of a head: (2T, H, B). */
template <typename number>
static __global__ void
bias_grads(float *dbias, const struct back<number> x)
{
	const struct scene<number> &s = x.s;
	int b = blockIdx.z, h = blockIdx.y, kv = h / (s.o.H / s.o.K);
	int distance = (int)blockIdx.x - s.T;
	float sum = 0;

	for (int t = threadIdx.x; t < s.T; t += THREADS) {
		int j = t + distance;

		if (j >= 0 && j < s.T)
			sum += share_of(x, b, t, h, j, s.query(b, t, h),
			    x.grad(b, t, h), s.key(b, j, kv), s.value(b, j, kv))
				   .dscore;
	}
	sum = block_sum(sum);
	if (threadIdx.x == 0)
		dbias[((size_t)b * s.o.H + h) * 2 * s.T + blockIdx.x] = sum;
}

template <typename number>
static void
attention_bwd(void *dqkv, void *dbias, const void *dout, const void *out,
    const void *qkv, const void *lse, int B, int T, const struct attention *o)
{
	size_t n = (size_t)B * (size_t)T * (size_t)o->H, shared;
	struct back<number> x = { scene_of((const number *)qkv, T, o),
		(const number *)dout, (const float *)lse, nullptr };
	unsigned tiles = (unsigned)((T + ROWS - 1) / ROWS);
	dim3 queries(tiles, (unsigned)o->H, (unsigned)B);
	dim3 keys(tiles, (unsigned)o->K, (unsigned)B);
	float *delta;

	/* Gradients of biases are gathered by distance, here. */
	if (!heads_fit(o) ||
	    (!dbias && attention_hopper() &&
		wgmma_attention_bwd((number *)dqkv, x.dout,
		    (const number *)out, x.s, x.lse, B)) ||
	    (!dbias && mma_attention_bwd((number *)dqkv, x.dout,
			   (const number *)out, x.s, x.lse, B)))
		return;
	x.delta = delta = (float *)device_scratch(n * sizeof(float));
	if (!delta)
		return;
	shared = (2 * (ROWS + COLS) * (size_t)(o->D + 1) + 2 * ROWS * COLS) *
		 sizeof(float);
	LAUNCH(deltas<number>, blocks(n * WARP), THREADS, 0, delta,
	    (const number *)out, (const number *)dout, n, o->D);
#define RUN(c) \
	allow_shared(query_grads<number, c>, shared); \
	LAUNCH((query_grads<number, c>), queries, THREADS, shared, \
	    (number *)dqkv, x); \
	allow_shared(key_grads<number, c>, shared); \
	LAUNCH((key_grads<number, c>), keys, THREADS, shared, (number *)dqkv, x)
	BY_CHANNELS(o->D, RUN);
#undef RUN
	if (dbias)
		LAUNCH(bias_grads<number>,
		    dim3(2 * (unsigned)T, (unsigned)o->H, (unsigned)B), THREADS,
		    0, (float *)dbias, x);
}

TYPED(attention_bwd,
    (void *dqkv, void *dbias, const void *dout, const void *out,
	const void *qkv, const void *lse, int B, int T,
	const struct attention *o),
    (dqkv, dbias, dout, out, qkv, lse, B, T, o))

/* SPDX-License-Identifier: MIT */
/*
 * Source: Dao et al., arXiv 2205.14135, algorithm 1; the running maximum:
 * Milakov and Gimelshein, arXiv 1805.02867.
 */
#include "train/cuda/attention.h"
#include "train/cuda/attention_choice.h"
#include "train/cuda/attention_wgmma.h"

/* The running softmax of a query and its share of the output. */
template <int CHANNELS> struct running {
	float max, sum, out[CHANNELS];
};

/* Takes in a tile of scores of which this thread holds two. */
template <int CHANNELS>
static __device__ void
take_tile(struct running<CHANNELS> &r, float *weights, const float *values,
    const float *score, const float *keep, int D)
{
	int lane = threadIdx.x % LANES;
	float top = warp_max(fmaxf(score[0], score[1]), LANES), shrink, w[2];

	top = fmaxf(r.max, top);
	shrink = top == -INFINITY ? 1 : expf(r.max - top);
	for (int i = 0; i < 2; i++) {
		w[i] = score[i] == -INFINITY ? 0 : expf(score[i] - top);
		weights[lane + i * LANES] = w[i] * keep[i];
	}
	r.max = top;
	r.sum = r.sum * shrink + warp_sum(w[0] + w[1], LANES);
	__syncwarp();
	for (int n = 0; n < CHANNELS; n++) {
		int d = lane + n * LANES;
		float sum = 0;

		for (int j = 0; d < D && j < COLS; j++)
			sum += weights[j] * values[j * (D + 1) + d];
		r.out[n] = r.out[n] * shrink + sum;
	}
}

/* A block a tile of queries of one head: (tiles, H, B). */
template <typename number, int CHANNELS>
static __global__ void
attend(number *out, float *lse, const struct scene<number> s)
{
	int D = s.o.D, b = blockIdx.z, h = blockIdx.y, kv = h / (s.o.H / s.o.K);
	int row = threadIdx.x / LANES, lane = threadIdx.x % LANES;
	int t0 = blockIdx.x * ROWS, rows = min(ROWS, s.T - t0), t = t0 + row;
	int mine = min(t, s.T - 1), from = s.from(b, mine), to = s.to(b, mine);
	int end = s.to(b, t0 + rows - 1);
	struct running<CHANNELS> r = {
		- INFINITY, 0,
		{
		}
	};

	SHARED(float, q);
	float *k = q + ROWS * (D + 1), *v = k + COLS * (D + 1);
	float *weights = v + COLS * (D + 1) + row * COLS;

	load_tile(q, s.query(b, t0, h), s.stride, ROWS, rows, D);
	for (int j0 = s.from(b, t0); j0 <= end; j0 += COLS) {
		float score[2], keep[2];

		__syncthreads();
		load_tile(k, s.key(b, j0, kv), s.stride, COLS, s.T - j0, D);
		load_tile(v, s.value(b, j0, kv), s.stride, COLS, s.T - j0, D);
		__syncthreads();
		for (int i = 0; i < 2; i++) {
			int col = lane + i * LANES, j = j0 + col;
			bool seen = t < s.T && j >= from && j <= to;

			score[i] = -INFINITY;
			keep[i] = 0;
			if (!seen)
				continue;
			keep[i] = s.kept(b, t, h, j);
			score[i] =
			    dot(q + row * (D + 1), k + col * (D + 1), D) *
				(float)s.o.scale +
			    s.bias(h, j - t);
		}
		take_tile(r, weights, v, score, keep, D);
	}
	if (t >= s.T)
		return;
	for (int n = 0, d = lane; n < CHANNELS; n++, d += LANES)
		if (d < D)
			put(out + (((size_t)b * s.T + t) * s.o.H + h) * D + d,
			    r.out[n] / r.sum);
	if (lane == 0)
		lse[((size_t)b * s.T + t) * s.o.H + h] = r.max + logf(r.sum);
}

template <typename number>
static void
attention_fwd(void *out, void *lse, const void *qkv, int B, int T,
    const struct attention *o)
{
	struct scene<number> s = scene_of((const number *)qkv, T, o);
	size_t shared = ((ROWS + 2 * COLS) * (size_t)(o->D + 1) + ROWS * COLS) *
			sizeof(float);
	dim3 grid(
	    (unsigned)((T + ROWS - 1) / ROWS), (unsigned)o->H, (unsigned)B);

	if (!heads_fit(o) ||
	    (attention_hopper() &&
		wgmma_attention_fwd((number *)out, (float *)lse, s, B)) ||
	    mma_attention_fwd((number *)out, (float *)lse, s, B))
		return;
#define RUN(n) \
	allow_shared(attend<number, n>, shared); \
	LAUNCH((attend<number, n>), grid, THREADS, shared, (number *)out, \
	    (float *)lse, s)
	BY_CHANNELS(o->D, RUN);
#undef RUN
}

TYPED(attention_fwd,
    (void *out, void *lse, const void *qkv, int B, int T,
	const struct attention *o),
    (out, lse, qkv, B, T, o))

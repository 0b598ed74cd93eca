/* SPDX-License-Identifier: MIT */
#include "train/cuda/attention.h"

static const int MOST_CHANNELS = MOST_D / WARP; /* of a head, in each lane */

/* One sequence's kept keys and values. */
struct kept {
	float *keys, *values;
	struct attention o;
	int pos;
};

template <typename number>
static __global__ void
append(const struct kept s, const number *qkv, size_t n)
{
	size_t i = element(), ld = (size_t)s.o.K * s.o.D, at = i / ld;
	const number *x = qkv + at * (s.o.H * s.o.D + 2 * ld) + s.o.H * s.o.D;

	if (i >= n)
		return;
	s.keys[(s.pos + at) * ld + i % ld] = get(x[i % ld]);
	s.values[(s.pos + at) * ld + i % ld] = get(x[ld + i % ld]);
}

/* A warp's share: its own running softmax over every WARPS-th position. */
struct part {
	float max, sum, out[MOST_CHANNELS];
};

template <typename number>
static __device__ struct part
over_positions(const struct kept &s, const number *q, int t, int h)
{
	int D = s.o.D, lane = threadIdx.x % WARP, ld = s.o.K * D;
	int kv = h / (s.o.H / s.o.K) * D;
	int from = s.o.window ? max(0, t - s.o.window + 1) : 0;
	struct part p = { -INFINITY, 0, {} };

	for (int j = from + threadIdx.x / WARP; j <= t; j += WARPS) {
		const float *k = s.keys + (size_t)j * ld + kv;
		const float *v = s.values + (size_t)j * ld + kv;
		float score = 0, top, shrink, w;

		for (int d = lane; d < D; d += WARP)
			score += get(q[d]) * k[d];
		score = warp_sum(score) * (float)s.o.scale;
		if (s.o.bias)
			score +=
			    ((const float *)s.o
				    .bias)[2 * s.o.span * h + s.o.span + j - t];
		top = fmaxf(p.max, score);
		shrink = expf(p.max - top);
		w = expf(score - top);
		p.max = top;
		p.sum = p.sum * shrink + w;
		for (int n = 0, d = lane; n < MOST_CHANNELS; n++, d += WARP)
			if (d < D)
				p.out[n] = p.out[n] * shrink + w * v[d];
	}
	return p;
}

/* A block a head of a position: (H, n). */
template <typename number>
static __global__ void
attend_kept(number *out, const struct kept s, const number *qkv)
{
	__shared__ float tops[WARPS], sums[WARPS];
	__shared__ float outs[WARPS][MOST_CHANNELS * WARP];
	int D = s.o.D, h = blockIdx.x, warp = threadIdx.x / WARP;
	int row = (s.o.H + 2 * s.o.K) * D;
	struct part p = over_positions(s,
	    qkv + (size_t)blockIdx.y * row + h * D, s.pos + (int)blockIdx.y, h);
	float top = -INFINITY, sum = 0;

	for (int n = 0; n < MOST_CHANNELS; n++)
		outs[warp][n * WARP + threadIdx.x % WARP] = p.out[n];
	tops[warp] = p.max;
	sums[warp] = p.sum;
	__syncthreads();
	for (int w = 0; w < WARPS; w++)
		top = fmaxf(top, tops[w]);
	for (int w = 0; w < WARPS; w++)
		sum += sums[w] * expf(tops[w] - top);
	for (int d = threadIdx.x; d < D; d += THREADS) {
		float x = 0;

		for (int w = 0; w < WARPS; w++)
			x += outs[w][d] * expf(tops[w] - top);
		put(out + ((size_t)blockIdx.y * s.o.H + h) * D + d, x / sum);
	}
}

template <typename number>
static void
attention_step(void *out, void *keys, void *values, const void *qkv, int n,
    int pos, const struct attention *o)
{
	struct kept s = { (float *)keys, (float *)values, *o, pos };
	size_t kept = (size_t)n * (size_t)o->K * (size_t)o->D;

	if (!heads_fit(o))
		return;
	LAUNCH(append<number>, blocks(kept), THREADS, 0, s,
	    (const number *)qkv, kept);
	LAUNCH(attend_kept<number>, dim3((unsigned)o->H, (unsigned)n), THREADS,
	    0, (number *)out, s, (const number *)qkv);
}

TYPED(attention_step,
    (void *out, void *keys, void *values, const void *qkv, int n, int pos,
	const struct attention *o),
    (out, keys, values, qkv, n, pos, o))

/* SPDX-License-Identifier: MIT */
/*
 * What the attention kernels share: which position looks at which, and the
 * arrays of one head.
 */
#ifndef TRAIN_CUDA_ATTENTION_H
#define TRAIN_CUDA_ATTENTION_H

#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/cuda/philox.h"
#include "train/ops.h"

/*
 * A block of THREADS works on a tile of ROWS by COLS scores: LANES threads a
 * row, each with every LANES-th column and every LANES-th channel.
 */
static const int ROWS = 16, COLS = 32, LANES = THREADS / ROWS, MOST_D = 256;

/* A batch of rows of T, and who looks at whom in it. */
struct sight {
	struct attention o;
	int T;

	__device__ int
	from(int b, int t) const
	{
		int first = o.first ? o.first[(size_t)b * T + t] : 0;

		return o.window ? max(first, t - o.window + 1) : first;
	}
	__device__ int
	to(int b, int t) const
	{
		return o.last ? min(T - 1, o.last[(size_t)b * T + t]) : t;
	}
	__device__ float
	bias(int h, int distance) const
	{
		return o.bias
			   ? ((const float *)
				     o.bias)[2 * o.span * h + o.span + distance]
			   : 0;
	}
	/* What the weight of position j for query (b,t,h) is multiplied by. */
	__device__ float
	kept(int b, int t, int h, int j) const
	{
		uint64_t token = o.drop.at + (uint64_t)b * T + t;

		return dropout_factor(o.drop, token * o.H + h, j, T);
	}
};

/* ... and its queries, keys and values; stride: (H + 2K) * D. */
template <typename number> struct scene : sight {
	const number *qkv;
	int stride;

	/* Channels of position t of row b: query head h, or key, or value. */
	__device__ const number *
	query(int b, int t, int h) const
	{
		return qkv + ((size_t)b * T + t) * stride + h * o.D;
	}
	__device__ const number *
	key(int b, int t, int kv) const
	{
		return query(b, t, o.H + kv);
	}
	__device__ const number *
	value(int b, int t, int kv) const
	{
		return query(b, t, o.H + o.K + kv);
	}
};

/* Are the heads small enough for the kernels?  If not, device_fail(). */
static inline bool
heads_fit(const struct attention *o)
{
	if (o->D > MOST_D)
		device_fail("attention: heads of at most 256 channels");
	return o->D <= MOST_D;
}

template <typename number>
static inline struct scene<number>
scene_of(const number *qkv, int T, const struct attention *o) {
	return { { *o, T }, qkv, (o->H + 2 * o->K) * o->D };
}

/* Sum of a[i] * b[i], i < D */
template <typename number>
static __device__ inline float
dot(const number *a, const number *b, int D)
{
	float sum = 0;

	for (int d = 0; d < D; d++)
		sum += get(a[d]) * get(b[d]);
	return sum;
}

/*
 * tile (rows, D + 1) = the channels at p, p + stride ..., 0 beyond count; the
 * odd width keeps the threads of a warp in different banks.
 */
template <typename number>
static __device__ inline void
load_tile(
    float *tile, const number *p, size_t stride, int rows, int count, int D)
{
	for (int i = threadIdx.x; i < rows * D; i += THREADS)
		tile[i / D * (D + 1) + i % D] =
		    i / D < count ? get(p[i / D * stride + i % D]) : 0;
}

/* Runs call with a constant number of channels a thread: at most MOST_D. */
#define BY_CHANNELS(D, call) \
	do { \
		if ((D) <= 4 * LANES) { \
			call(4); \
		} else if ((D) <= 5 * LANES) { \
			call(5); \
		} else if ((D) <= 6 * LANES) { \
			call(6); \
		} else if ((D) <= 8 * LANES) { \
			call(8); \
		} else { \
			call(16); \
		} \
	} while (0)

#endif

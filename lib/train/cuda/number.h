/* SPDX-License-Identifier: MIT */
/*
 * What activations are kept in: float, bf16 or f16 (mma.h); kernels compute in
 * float.  Four of them at a time, so that memory is asked for whole sectors.
 */
#ifndef TRAIN_CUDA_NUMBER_H
#define TRAIN_CUDA_NUMBER_H

#include "train/cuda/launch.h"
#include "train/cuda/mma.h"

static __device__ __forceinline__ float
get(float x)
{
	return x;
}

template <typename number>
static __device__ __forceinline__ float
get(number x)
{
	return number::low(x.bits);
}

static __device__ __forceinline__ void
put(float *to, float x)
{
	*to = x;
}

template <typename number>
static __device__ __forceinline__ void
put(number *to, float x)
{
	to->bits = (uint16_t)number::pack(x, 0);
}

struct four {
	float v[4];
};

static __device__ __forceinline__ struct four
get_aligned(const float *p)
{
	float4 x = *(const float4 *)p;

	return { { x.x, x.y, x.z, x.w } };
}

template <typename number>
static __device__ __forceinline__ struct four
get_aligned(const number *p)
{
	uint2 x = *(const uint2 *)p;

	return { { number::low(x.x), number::high(x.x), number::low(x.y),
	    number::high(x.y) } };
}

static __device__ __forceinline__ void
put_aligned(float *p, const struct four &x)
{
	*(float4 *)p = make_float4(x.v[0], x.v[1], x.v[2], x.v[3]);
}

template <typename number>
static __device__ __forceinline__ void
put_aligned(number *p, const struct four &x)
{
	*(uint2 *)p = make_uint2(
	    number::pack(x.v[0], x.v[1]), number::pack(x.v[2], x.v[3]));
}

/* p[0 .. 3], as far as there are so many left, else 0; aligned: see fours(). */
template <typename number>
static __device__ __forceinline__ struct four
get_four(const number *p, size_t left, bool aligned)
{
	struct four x = {};

	if (aligned && left >= 4)
		return get_aligned(p);
	UNROLL
	for (int i = 0; i < 4; i++)
		if (i < left)
			x.v[i] = get(p[i]);
	return x;
}

template <typename number>
static __device__ __forceinline__ void
put_four(number *p, const struct four &x, size_t left, bool aligned)
{
	if (aligned && left >= 4) {
		put_aligned(p, x);
		return;
	}
	UNROLL
	for (int i = 0; i < 4; i++)
		if (i < left)
			put(p + i, x.v[i]);
}

/* Do rows of C elements, one behind the other from p on, begin aligned? */
template <typename number>
static inline bool
fours(const number *p, size_t C)
{
	return C % 4 == 0 && (uintptr_t)p % (4 * sizeof(number)) == 0;
}

/* A thread four elements. */
static inline unsigned
blocks_of_fours(size_t n)
{
	return blocks((n + 3) / 4);
}

/*
 * An operation for each kind of activations, from a template of its name:
 * TYPED(act_fwd, (void *out, const void *in, size_t n, int kind),
 *     (out, in, n, kind))
 */
#define TYPED(name, args, values) \
	void cuda_##name args \
	{ \
		name<float> values; \
	} \
	void bf16_##name args \
	{ \
		name<bf16> values; \
	} \
	void f16_##name args \
	{ \
		name<f16> values; \
	}

#define OP(name, args) \
	void bf16_##name args; \
	void f16_##name args;
#include "train/ops.def"
#undef OP

#endif

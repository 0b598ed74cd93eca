/* SPDX-License-Identifier: MIT */
/*
 * What activations are kept in: float, bf16 or f16 (mma.h); kernels compute in
 * float.  Four or eight of them at a time, so that memory is asked for 16
 * bytes.
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

/* Eight numbers as they lie in memory, and as they are computed with. */
template <typename number> struct packed {
	uint4 u;
};

template <> struct packed<float> {
	struct four low, high;
};

struct eight {
	float v[8];
};

static __device__ __forceinline__ struct packed<float>
fetch_aligned(const float *p) {
	return { get_aligned(p), get_aligned(p + 4) };
}

template <typename number>
static __device__ __forceinline__ struct packed<number>
fetch_aligned(const number *p) {
	return { *(const uint4 *)p };
}

static __device__ __forceinline__ struct packed<float>
pack_eight(const struct eight &x, const float *) {
	return { { { x.v[0], x.v[1], x.v[2], x.v[3] } },
		{ { x.v[4], x.v[5], x.v[6], x.v[7] } } };
}

template <typename number>
static __device__ __forceinline__ struct packed<number>
pack_eight(const struct eight &x, const number *) {
	return { make_uint4(number::pack(x.v[0], x.v[1]),
	    number::pack(x.v[2], x.v[3]), number::pack(x.v[4], x.v[5]),
	    number::pack(x.v[6], x.v[7])) };
}

static __device__ __forceinline__ struct eight
unpack(const struct packed<float> &x)
{
	return { { x.low.v[0], x.low.v[1], x.low.v[2], x.low.v[3], x.high.v[0],
	    x.high.v[1], x.high.v[2], x.high.v[3] } };
}

template <typename number>
static __device__ __forceinline__ struct eight
unpack(const struct packed<number> &x)
{
	return { { number::low(x.u.x), number::high(x.u.x), number::low(x.u.y),
	    number::high(x.u.y), number::low(x.u.z), number::high(x.u.z),
	    number::low(x.u.w), number::high(x.u.w) } };
}

/* p[0 .. 7], as far as there are so many left, else 0; aligned: eights(). */
template <typename number>
static __device__ __forceinline__ struct packed<number>
fetch_eight(const number *p, int left, bool aligned) {
	struct eight x = {};

	if (aligned && left >= 8)
		return fetch_aligned(p);
	UNROLL
	for (int i = 0; i < 8; i++)
		if (i < left)
			x.v[i] = get(p[i]);
	return pack_eight(x, p);
}

static __device__ __forceinline__ void
put_packed(float *p, const struct packed<float> &x)
{
	put_aligned(p, x.low);
	put_aligned(p + 4, x.high);
}

template <typename number>
static __device__ __forceinline__ void
put_packed(number *p, const struct packed<number> &x)
{
	*(uint4 *)p = x.u;
}

template <typename number>
static __device__ __forceinline__ void
put_eight(number *p, const struct eight &x, int left, bool aligned)
{
	if (aligned && left >= 8) {
		put_packed(p, pack_eight(x, p));
		return;
	}
	UNROLL
	for (int i = 0; i < 8; i++)
		if (i < left)
			put(p + i, x.v[i]);
}

/* Do rows of C elements, one behind the other from p on, begin aligned? */
static inline bool
eights(const void *p, size_t C)
{
	return C % 8 == 0 && (uintptr_t)p % 16 == 0;
}

/* A thread eight elements. */
static inline unsigned
blocks_of_eights(size_t n)
{
	return blocks((n + 7) / 8);
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

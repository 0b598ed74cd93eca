/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/simd.h"
#include "train/cpu/round.h"

static inline uint32_t
bits_of(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float
float_of(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* The upper half of the result is bf16's; a NaN must not round to infinity. */
static inline uint32_t
nearest_bf16(uint32_t u)
{
	uint32_t r = u + 0x7fff + (u >> 16 & 1);

	return (u & 0x7fffffff) > 0x7f800000 ? u | 0x400000 : r;
}

SIMD void
round_bf16(uint16_t *to, const float *x, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		to[i] = (uint16_t)(nearest_bf16(bits_of(x[i])) >> 16);
}

SIMD void
round_as_bf16(float *to, const float *x, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		to[i] = float_of(nearest_bf16(bits_of(x[i])) & 0xffff0000);
}

/*
 * Normal numbers lose 13 bits.  Below 2^-14 the step is 2^-24, which is that of
 * floats from .5 to 1: adding .5 rounds.
 */
static inline float
nearest_f16(float x)
{
	uint32_t u = bits_of(x), sign = u & 0x80000000, a = u ^ sign;
	uint32_t r = (a + 0xfff + (a >> 13 & 1)) & ~(uint32_t)0x1fff;
	uint32_t small = bits_of((float_of(a) + .5f) - .5f);

	r = r >= 0x47800000 ? 0x7f800000 : r;
	r = a > 0x7f800000 ? a | 0x400000 : r;
	r = a < 0x38800000 ? small : r;
	return float_of(r | sign);
}

SIMD void
round_as_f16(float *to, const float *x, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		to[i] = nearest_f16(x[i]);
}

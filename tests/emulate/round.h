/* SPDX-License-Identifier: MIT */
#ifndef EMULATE_ROUND_H
#define EMULATE_ROUND_H

#include <cuda_runtime.h>

/* The upper half of the result is bf16's; a NaN must not round to infinity. */
static inline uint16_t
bits_bf16(float x)
{
	uint32_t u = __float_as_uint(x), r = u + 0x7fff + (u >> 16 & 1);

	return (
	    uint16_t)(((u & 0x7fffffff) > 0x7f800000 ? u | 0x400000 : r) >> 16);
}

/*
 * Normal numbers lose 13 bits and 112 of the exponent.  Below 2^-14 the step is
 * 2^-24, which is that of floats from .5 to 1: adding .5 rounds and counts.
 */
static inline uint16_t
bits_f16(float x)
{
	uint32_t u = __float_as_uint(x), a = u & 0x7fffffff, r;

	if (a > 0x7f800000)
		r = 0x7e00;
	else if (a < 0x38800000)
		r = __float_as_uint(__uint_as_float(a) + .5f) - 0x3f000000;
	else
		r = min((a + 0xfff + (a >> 13 & 1)) >> 13, 0x23c00u) - 0x1c000;
	return (uint16_t)(r | (u >> 16 & 0x8000));
}

#endif

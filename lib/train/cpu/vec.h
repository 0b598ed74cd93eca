/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_VEC_H
#define TRAIN_CPU_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/simd.h"

/*
 * Functions are compiled for several instruction sets.  The bits are the same
 * for all: multiply-add is never fused, and sums run over VEC_LANES partial
 * sums whatever the registers hold.
 */
enum { VEC_LANES = 16 };

/* Sum of a[i] * b[i]. */
float vec_dot(const float *a, const float *b, size_t n);
/* Sum of x[i]^2, in double. */
double vec_sumsq(const float *x, size_t n);
/* The largest; n >= 1. */
float vec_max(const float *x, size_t n);
/* x[i] = exp(x[i] * scale - shift); returns their sum. */
float vec_exp_sum(float *x, size_t n, float scale, float shift);
/* x[i] *= s */
void vec_scale(float *x, size_t n, float s);
/* y[i] += s * x[i] */
void vec_axpy(float *y, const float *x, size_t n, float s);

/*
 * e^x to about 1 ulp, NaN stays NaN; clamped to the range of normal floats.
 * Branch-free, so that loops over it vectorise.
 * Source: argument reduction after Cody and Waite (1980), polynomial of the
 * Cephes library's expf (Moshier).
 */
static inline float
exp_f32(float x)
{
	const float round = 12582912.0f; /* 1.5 * 2^23: the sum is an integer */
	float z, n, r, p;
	uint32_t bits;

	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	z = x * 1.44269504088896341f + round;
	n = z - round;
	r = x - n * 0.693359375f;
	r = r - n * -2.12194440e-4f;
	p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	memcpy(&bits, &z, sizeof(bits));
	bits = (bits + 127) << 23; /* the low bits of z hold n: this is 2^n */
	memcpy(&z, &bits, sizeof(z));
	return p * z;
}

#endif

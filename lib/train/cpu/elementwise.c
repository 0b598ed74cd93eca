/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

enum { BLOCK = 16384 };

static size_t
block_size(size_t at, size_t n)
{
	return n - at < BLOCK ? n - at : BLOCK;
}

void
cpu_zero(void *x, size_t n)
{
	float *p = x;
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK)
		memset(p + i, 0, block_size(i, n) * sizeof(*p));
}

void
cpu_copy(void *out, const void *in, size_t n)
{
	const float *x = in;
	float *o = out;
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK)
		memcpy(o + i, x + i, block_size(i, n) * sizeof(*o));
}

SIMD static void
add_block(float *out, const float *a, const float *b, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		out[i] = a[i] + b[i];
}

void
cpu_narrow(void *out, const void *in, size_t n)
{
	cpu_copy(out, in, n);
}

void
cpu_add(void *out, const void *a, const void *b, size_t n)
{
	const float *x = a, *y = b;
	float *o = out;
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK)
		add_block(o + i, x + i, y + i, block_size(i, n));
}

SIMD static void
blend_block(
    float *out, const float *x, const float *y, size_t n, float a, float b)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		out[i] = a * x[i] + b * y[i];
}

void
cpu_blend(void *out, const void *x, const void *y, size_t n, double a, double b)
{
	const float *u = x, *v = y;
	float *o = out;
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK)
		blend_block(
		    o + i, u + i, v + i, block_size(i, n), (float)a, (float)b);
}

void
cpu_scaled_add(
    void *out, const void *x, const void *y, size_t n, double a, double b)
{
	cpu_blend(out, x, y, n, a, b);
}

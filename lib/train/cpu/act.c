/* SPDX-License-Identifier: MIT */
#include "train/cpu/act.h"

enum { BLOCK = 1024 };

/* out and slope of sigmoid(2u) * x, where du is the slope of 2u. */
#define GATED(two_u, slope_of_two_u) \
	do { \
		s = 1 / (1 + exp_f32(-(two_u))); \
		d[i] = s + x[i] * s * (1 - s) * (slope_of_two_u); \
		y[i] = x[i] * s; \
	} while (0)

SIMD static void
silu(float *y, float *d, const float *x, size_t n)
{
	float s;
	size_t i;

#pragma omp simd private(s)
	for (i = 0; i < n; i++)
		GATED(x[i], 1);
}

/* (1 + tanh(u)) / 2 is the sigmoid of 2u. */
SIMD static void
gelu_tanh(float *y, float *d, const float *x, size_t n)
{
	const float a = 1.5957691216057308f, b = .044715f;
	float s;
	size_t i;

#pragma omp simd private(s)
	for (i = 0; i < n; i++)
		GATED(a * (x[i] + b * x[i] * x[i] * x[i]),
		    a * (1 + 3 * b * x[i] * x[i]));
}

static void
gelu(float *y, float *d, const float *x, size_t n)
{
	float below;
	size_t i;

	for (i = 0; i < n; i++) {
		below = .5f * erfcf(x[i] * -.70710678118654752f);
		d[i] = below +
		       x[i] * .3989422804014327f * exp_f32(-.5f * x[i] * x[i]);
		y[i] = x[i] * below;
	}
}

SIMD static void
relu(float *y, float *d, const float *x, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++) {
		d[i] = x[i] > 0 ? 1.0f : 0.0f;
		y[i] = x[i] > 0 ? x[i] : 0.0f;
	}
}

SIMD static void
relu2(float *y, float *d, const float *x, size_t n)
{
	float r;
	size_t i;

#pragma omp simd private(r)
	for (i = 0; i < n; i++) {
		r = x[i] > 0 ? x[i] : 0.0f;
		d[i] = 2 * r;
		y[i] = r * r;
	}
}

void
act_values(float *y, float *d, const float *x, size_t n, int kind)
{
	static void (*const does[ACT_KINDS])(
	    float *, float *, const float *, size_t) = { [ACT_SILU] = silu,
		[ACT_GELU] = gelu,
		[ACT_GELU_TANH] = gelu_tanh,
		[ACT_RELU] = relu,
		[ACT_RELU2] = relu2 };

	does[kind](y, d, x, n);
}

void
cpu_act_fwd(void *out, const void *in, size_t n, int kind)
{
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK) {
		float d[BLOCK];

		act_values((float *)out + i, d, (const float *)in + i,
		    n - i < BLOCK ? n - i : BLOCK, kind);
	}
}

SIMD static void
times(float *out, const float *a, const float *b, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		out[i] = a[i] * b[i];
}

void
cpu_act_bwd(void *din, const void *dout, const void *in, size_t n, int kind)
{
	size_t i;

#pragma omp parallel for
	for (i = 0; i < n; i += BLOCK) {
		size_t m = n - i < BLOCK ? n - i : BLOCK;
		float y[BLOCK], d[BLOCK];

		act_values(y, d, (const float *)in + i, m, kind);
		times((float *)din + i, (const float *)dout + i, d, m);
	}
}

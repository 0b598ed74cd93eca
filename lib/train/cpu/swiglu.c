/* SPDX-License-Identifier: MIT */
/* Source: Shazeer, arXiv 2002.05202. */
#include "train/cpu/vec.h"
#include "train/ops.h"

SIMD static void
row_fwd(float *out, const float *gate, const float *up, size_t F)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < F; i++)
		out[i] = gate[i] / (1 + exp_f32(-gate[i])) * up[i];
}

void
cpu_swiglu_fwd(void *out, const void *in, int N, int F)
{
	size_t f = (size_t)F;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * 2 * f;

		row_fwd((float *)out + (size_t)i * f, x, x + f, f);
	}
}

SIMD static void
row_bwd(float *dgate, float *dup, const float *dout, const float *gate,
    const float *up, size_t F)
{
	float s, silu;
	size_t i;

#pragma omp simd private(s, silu)
	for (i = 0; i < F; i++) {
		s = 1 / (1 + exp_f32(-gate[i]));
		silu = gate[i] * s;
		dup[i] = dout[i] * silu;
		dgate[i] = dout[i] * up[i] * (s + silu * (1 - s));
	}
}

void
cpu_swiglu_bwd(void *din, const void *dout, const void *in, int N, int F)
{
	size_t f = (size_t)F;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * 2 * f;
		float *d = (float *)din + (size_t)i * 2 * f;

		row_bwd(
		    d, d + f, (const float *)dout + (size_t)i * f, x, x + f, f);
	}
}

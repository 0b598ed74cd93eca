/* SPDX-License-Identifier: MIT */
/* Source: Shazeer, arXiv 2002.05202. */
#include "train/cpu/act.h"

enum { BLOCK = 1024 }; /* of a row at a time, on the stack */

SIMD static void
block_fwd(float *out, const float *act, const float *up, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		out[i] = act[i] * up[i];
}

void
cpu_glu_fwd(void *out, const void *in, int N, int F, int kind)
{
	size_t f = (size_t)F;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * 2 * f;
		float *o = (float *)out + (size_t)i * f, y[BLOCK], d[BLOCK];
		size_t at, n;

		for (at = 0; at < f; at += n) {
			n = f - at < BLOCK ? f - at : BLOCK;
			act_values(y, d, x + at, n, kind);
			block_fwd(o + at, y, x + f + at, n);
		}
	}
}

SIMD static void
block_bwd(float *dgate, float *dup, const float *dout, const float *act,
    const float *slope, const float *up, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++) {
		dup[i] = dout[i] * act[i];
		dgate[i] = dout[i] * up[i] * slope[i];
	}
}

void
cpu_glu_bwd(void *din, const void *dout, const void *in, int N, int F, int kind)
{
	size_t f = (size_t)F;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * 2 * f;
		const float *g = (const float *)dout + (size_t)i * f;
		float *dx = (float *)din + (size_t)i * 2 * f;
		float y[BLOCK], d[BLOCK];
		size_t at, n;

		for (at = 0; at < f; at += n) {
			n = f - at < BLOCK ? f - at : BLOCK;
			act_values(y, d, x + at, n, kind);
			block_bwd(
			    dx + at, dx + f + at, g + at, y, d, x + f + at, n);
		}
	}
}

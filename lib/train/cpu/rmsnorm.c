/* SPDX-License-Identifier: MIT */
/* Source: Zhang and Sennrich, arXiv 1910.07467. */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

enum { COLUMNS = 64 }; /* of dw that a thread sums up at a time */

SIMD static void
row_fwd(float *out, const float *x, const float *w, float rstd, size_t C)
{
	size_t c;

#pragma omp simd
	for (c = 0; c < C; c++)
		out[c] = x[c] * rstd * w[c];
}

void
cpu_rmsnorm_fwd(void *out, void *rstd, const void *in, const void *w, int N,
    int C, double eps)
{
	size_t c = (size_t)C;
	float *r = rstd;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * c;
		double mean = (double)vec_dot(x, x, c) / C;

		r[i] = (float)(1 / sqrt(mean + eps));
		row_fwd((float *)out + (size_t)i * c, x, w, r[i], c);
	}
}

/* With h = x * rstd and g = dout * w: dx = rstd * (g - h * mean(g * h)). */
SIMD static void
row_bwd(float *dx, const float *dout, const float *x, const float *w,
    float rstd, size_t C, int accumulate)
{
	float keep = accumulate ? 1 : 0, dot = 0, k;
	float part[VEC_LANES] = { 0 };
	size_t c, j;

	for (c = 0; c + VEC_LANES <= C; c += VEC_LANES)
#pragma omp simd
		for (j = 0; j < VEC_LANES; j++)
			part[j] += dout[c + j] * w[c + j] * x[c + j];
	for (j = 0; c + j < C; j++)
		part[j] += dout[c + j] * w[c + j] * x[c + j];
	for (j = 0; j < VEC_LANES; j++)
		dot += part[j];
	k = dot * rstd * rstd / (float)C;
	if (!accumulate)
		memset(dx, 0, C * sizeof(*dx)); /* it may hold a NaN */
#pragma omp simd
	for (c = 0; c < C; c++)
		dx[c] = keep * dx[c] + rstd * (dout[c] * w[c] - x[c] * k);
}

SIMD static void
columns_bwd(float *dw, const float *dout, const float *x, float rstd, size_t n)
{
	size_t c;

#pragma omp simd
	for (c = 0; c < n; c++)
		dw[c] += dout[c] * x[c] * rstd;
}

void
cpu_rmsnorm_bwd(void *din, void *dw, const void *dout, const void *in,
    const void *w, const void *rstd, int N, int C, int accumulate)
{
	const float *g = dout, *x = in, *r = rstd;
	size_t c = (size_t)C, from;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		row_bwd((float *)din + (size_t)i * c, g + (size_t)i * c,
		    x + (size_t)i * c, w, r[i], c, accumulate);
#pragma omp parallel for
	for (from = 0; from < c; from += COLUMNS) {
		size_t n = c - from < COLUMNS ? c - from : COLUMNS, row;

		for (row = 0; row < (size_t)N; row++)
			columns_bwd((float *)dw + from, g + row * c + from,
			    x + row * c + from, r[row], n);
	}
}

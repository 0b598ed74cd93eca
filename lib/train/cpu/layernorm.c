/* SPDX-License-Identifier: MIT */
/* Source: Ba et al., arXiv 1607.06450. */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

enum { COLUMNS = 64 }; /* of dw and db that a thread sums up at a time */

/* Mean, then the variance round it: large means lose no digits. */
static void
row_stats(float *stats, const float *x, size_t C, double eps)
{
	double mean = 0, var = 0, d;
	size_t c;

	for (c = 0; c < C; c++)
		mean += (double)x[c];
	mean /= (double)C;
	for (c = 0; c < C; c++) {
		d = (double)x[c] - mean;
		var += d * d;
	}
	stats[0] = (float)mean;
	stats[1] = (float)(1 / sqrt(var / (double)C + eps));
}

SIMD static void
row_fwd(float *out, const float *x, const float *w, const float *b, float mean,
    float rstd, size_t C)
{
	size_t c;

#pragma omp simd
	for (c = 0; c < C; c++)
		out[c] = (x[c] - mean) * rstd * w[c] + b[c];
}

void
cpu_layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	size_t c = (size_t)C;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * c;
		float *s = (float *)stats + 2 * (size_t)i;

		row_stats(s, x, c, eps);
		row_fwd((float *)out + (size_t)i * c, x, w, b, s[0], s[1], c);
	}
}

/*
 * With h = (x - mean) * rstd and g = dout * w:
 * dx = rstd * (g - mean(g) - h * mean(g * h)).
 */
SIMD static void
row_bwd(float *dx, const float *dout, const float *x, const float *w,
    float mean, float rstd, size_t C, int accumulate)
{
	float keep = accumulate ? 1 : 0, g, sum = 0, dot = 0;
	float s[VEC_LANES] = { 0 }, d[VEC_LANES] = { 0 };
	size_t c, j;

	for (c = 0; c + VEC_LANES <= C; c += VEC_LANES)
#pragma omp simd private(g)
		for (j = 0; j < VEC_LANES; j++) {
			g = dout[c + j] * w[c + j];
			s[j] += g;
			d[j] += g * ((x[c + j] - mean) * rstd);
		}
	for (j = 0; c + j < C; j++) {
		g = dout[c + j] * w[c + j];
		s[j] += g;
		d[j] += g * ((x[c + j] - mean) * rstd);
	}
	for (j = 0; j < VEC_LANES; j++) {
		sum += s[j];
		dot += d[j];
	}
	sum /= (float)C;
	dot /= (float)C;
	if (!accumulate)
		memset(dx, 0, C * sizeof(*dx)); /* it may hold a NaN */
#pragma omp simd
	for (c = 0; c < C; c++)
		dx[c] = keep * dx[c] + rstd * (dout[c] * w[c] - sum -
						  (x[c] - mean) * rstd * dot);
}

SIMD static void
columns_bwd(float *dw, float *db, const float *dout, const float *x, float mean,
    float rstd, size_t n)
{
	size_t c;

#pragma omp simd
	for (c = 0; c < n; c++) {
		dw[c] += dout[c] * ((x[c] - mean) * rstd);
		db[c] += dout[c];
	}
}

void
cpu_layernorm_bwd(void *din, void *dw, void *db, const void *dout,
    const void *in, const void *w, const void *stats, int N, int C,
    int accumulate)
{
	const float *g = dout, *x = in, *s = stats;
	size_t c = (size_t)C, from;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		row_bwd((float *)din + (size_t)i * c, g + (size_t)i * c,
		    x + (size_t)i * c, w, s[2 * i], s[2 * i + 1], c,
		    accumulate);
#pragma omp parallel for
	for (from = 0; from < c; from += COLUMNS) {
		size_t n = c - from < COLUMNS ? c - from : COLUMNS, row;

		for (row = 0; row < (size_t)N; row++)
			columns_bwd((float *)dw + from, (float *)db + from,
			    g + row * c + from, x + row * c + from, s[2 * row],
			    s[2 * row + 1], n);
	}
}

/* SPDX-License-Identifier: MIT */
/* Source: Henry et al., arXiv 2010.04245; with RMSNorm as in Qwen3. */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

SIMD static void
head_fwd(float *out, const float *x, const float *w, float rstd, size_t D)
{
	size_t d;

#pragma omp simd
	for (d = 0; d < D; d++)
		out[d] = x[d] * rstd * w[d];
}

void
cpu_qknorm_fwd(void *out, void *rstd, const void *in, const void *wq,
    const void *wk, int N, int H, int K, int D, double eps)
{
	size_t d = (size_t)D, heads = (size_t)(H + K);
	size_t row = (size_t)(H + 2 * K) * d;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		const float *x = (const float *)in + (size_t)i * row;
		float *o = (float *)out + (size_t)i * row;
		float *r = (float *)rstd + (size_t)i * heads;
		size_t h;

		for (h = 0; h < heads; h++) {
			double mean =
			    (double)vec_dot(x + h * d, x + h * d, d) / D;

			r[h] = (float)(1 / sqrt(mean + eps));
			head_fwd(o + h * d, x + h * d, h < (size_t)H ? wq : wk,
			    r[h], d);
		}
		memcpy(o + heads * d, x + heads * d,
		    (row - heads * d) * sizeof(*o));
	}
}

/* With h = x * rstd and g = dout * w: dx = rstd * (g - h * mean(g * h)). */
SIMD static void
head_bwd(float *dx, const float *dout, const float *x, const float *w,
    float rstd, size_t D)
{
	float k;
	size_t d;

#pragma omp simd
	for (d = 0; d < D; d++)
		dx[d] = dout[d] * w[d];
	k = vec_dot(dx, x, D) * rstd * rstd / (float)D;
#pragma omp simd
	for (d = 0; d < D; d++)
		dx[d] = rstd * (dx[d] - x[d] * k);
}

/* A thread sums up dw of one group of heads: rows in order, then heads. */
SIMD static void
weights_bwd(float *dw, const float *dout, const float *x, const float *rstd,
    size_t heads, size_t D)
{
	size_t h, d;

	for (h = 0; h < heads; h++)
#pragma omp simd
		for (d = 0; d < D; d++)
			dw[d] += dout[h * D + d] * x[h * D + d] * rstd[h];
}

void
cpu_qknorm_bwd(void *din, void *dwq, void *dwk, const void *dout,
    const void *in, const void *wq, const void *wk, const void *rstd, int N,
    int H, int K, int D)
{
	size_t d = (size_t)D, heads = (size_t)(H + K);
	size_t row = (size_t)(H + 2 * K) * d, q = (size_t)H;
	const float *g = dout, *x = in, *r = rstd;
	int i, part;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		size_t at = (size_t)i * row, h;

		for (h = 0; h < heads; h++)
			head_bwd((float *)din + at + h * d, g + at + h * d,
			    x + at + h * d, h < q ? wq : wk,
			    r[(size_t)i * heads + h], d);
		memcpy((float *)din + at + heads * d, g + at + heads * d,
		    (row - heads * d) * sizeof(*g));
	}
#pragma omp parallel for
	for (part = 0; part < 2; part++) {
		size_t from = part ? q : 0, n;

		for (n = 0; n < (size_t)N; n++)
			weights_bwd(part ? dwk : dwq, g + n * row + from * d,
			    x + n * row + from * d, r + n * heads + from,
			    part ? heads - q : q, d);
	}
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/ref.h"

void
ref_rmsnorm_fwd(void *out, void *rstd, const void *in, const void *w, int N,
    int C, double eps)
{
	const double *x = in, *weight = w;
	double *o = out, *r = rstd, mean;
	int i, c;

	for (i = 0; i < N; i++) {
		mean = 0;
		for (c = 0; c < C; c++)
			mean += x[i * C + c] * x[i * C + c] / C;
		r[i] = 1 / sqrt(mean + eps);
		for (c = 0; c < C; c++)
			o[i * C + c] = x[i * C + c] * r[i] * weight[c];
	}
}

void
ref_rmsnorm_bwd(void *din, void *dw, const void *dout, const void *in,
    const void *w, const void *rstd, int N, int C, int accumulate)
{
	const double *g = dout, *x = in, *weight = w, *r = rstd;
	double *dx = din, *dweight = dw, mean;
	int i, c, at;

	for (i = 0; i < N; i++) {
		mean = 0;
		for (c = 0; c < C; c++)
			mean += g[i * C + c] * weight[c] * x[i * C + c] / C;
		for (c = 0; c < C; c++) {
			at = i * C + c;
			dx[at] = (accumulate ? dx[at] : 0) +
				 r[i] * g[at] * weight[c] -
				 r[i] * r[i] * r[i] * mean * x[at];
			dweight[c] += g[at] * x[at] * r[i];
		}
	}
}

void
ref_layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	const double *x, *weight = w, *bias = b;
	double *o, mean, var;
	int i, c;

	for (i = 0; i < N; i++) {
		x = (const double *)in + i * C;
		o = (double *)out + i * C;
		mean = var = 0;
		for (c = 0; c < C; c++)
			mean += x[c] / C;
		for (c = 0; c < C; c++)
			var += (x[c] - mean) * (x[c] - mean) / C;
		((double *)stats)[2 * i] = mean;
		((double *)stats)[2 * i + 1] = 1 / sqrt(var + eps);
		for (c = 0; c < C; c++)
			o[c] = (x[c] - mean) / sqrt(var + eps) * weight[c] +
			       bias[c];
	}
}

void
ref_layernorm_bwd(void *din, void *dw, void *db, const void *dout,
    const void *in, const void *w, const void *stats, int N, int C,
    int accumulate)
{
	const double *g, *x, *weight = w, *s;
	double *dx, sum, dot, h;
	int i, c;

	for (i = 0; i < N; i++) {
		g = (const double *)dout + i * C;
		x = (const double *)in + i * C;
		s = (const double *)stats + 2 * i;
		dx = (double *)din + i * C;
		sum = dot = 0;
		for (c = 0; c < C; c++) {
			h = (x[c] - s[0]) * s[1];
			sum += g[c] * weight[c] / C;
			dot += g[c] * weight[c] * h / C;
			((double *)dw)[c] += g[c] * h;
			((double *)db)[c] += g[c];
		}
		for (c = 0; c < C; c++)
			dx[c] = (accumulate ? dx[c] : 0) +
				s[1] * (g[c] * weight[c] - sum -
					   (x[c] - s[0]) * s[1] * dot);
	}
}

void
ref_qknorm_fwd(void *out, void *rstd, const void *in, const void *wq,
    const void *wk, int N, int H, int K, int D, double eps)
{
	int i, h, row = (H + 2 * K) * D;
	double *o = out, *r = rstd;

	ref_copy(out, in, (size_t)N * (size_t)row);
	for (i = 0; i < N; i++)
		for (h = 0; h < H + K; h++)
			ref_rmsnorm_fwd(o + i * row + h * D,
			    r + i * (H + K) + h,
			    (const double *)in + i * row + h * D,
			    h < H ? wq : wk, 1, D, eps);
}

void
ref_qknorm_bwd(void *din, void *dwq, void *dwk, const void *dout,
    const void *in, const void *wq, const void *wk, const void *rstd, int N,
    int H, int K, int D)
{
	int i, h, at, row = (H + 2 * K) * D;

	ref_copy(din, dout, (size_t)N * (size_t)row);
	for (i = 0; i < N; i++)
		for (h = 0; h < H + K; h++) {
			at = i * row + h * D;
			ref_rmsnorm_bwd((double *)din + at, h < H ? dwq : dwk,
			    (const double *)dout + at, (const double *)in + at,
			    h < H ? wq : wk,
			    (const double *)rstd + i * (H + K) + h, 1, D, 0);
		}
}

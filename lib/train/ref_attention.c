/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "train/ref.h"

/* Weights of a query over keys from .. to into w, 0 before; returns the lse. */
static double
weigh(double *w, const double *q, const double *k, int from, int to, int row,
    int D)
{
	double max = -INFINITY, sum = 0;
	int j, d;

	for (j = 0; j < from; j++)
		w[j] = 0;
	for (j = from; j <= to; j++) {
		w[j] = 0;
		for (d = 0; d < D; d++)
			w[j] += q[d] * k[j * row + d] / sqrt(D);
		max = fmax(max, w[j]);
	}
	for (j = from; j <= to; j++)
		sum += exp(w[j] - max);
	for (j = from; j <= to; j++)
		w[j] = exp(w[j] - max) / sum;
	return max + log(sum);
}

/* The first position that t may look at; first: of its row, or NULL. */
static int
begins(const int32_t *first, int t, int window)
{
	int from = first ? first[t] : 0;

	return window && t - window + 1 > from ? t - window + 1 : from;
}

void
ref_attention_fwd(void *out, void *lse, const void *qkv, const int32_t *first,
    const int32_t *last, int B, int T, int H, int K, int D, int window)
{
	int row = (H + 2 * K) * D, b, h, t, j, d, kv, to;
	double *w = malloc((size_t)T * sizeof(*w)), *o;
	const double *x;

	for (b = 0; b < B; b++)
		for (h = 0; h < H; h++)
			for (t = 0; t < T; t++) {
				x = (const double *)qkv + b * T * row;
				kv = H + h / (H / K);
				to = last ? last[b * T + t] : t;
				((double *)lse)[(b * T + t) * H + h] =
				    weigh(w, x + t * row + h * D, x + kv * D,
					begins(first ? first + b * T : NULL, t,
					    window),
					to, row, D);
				o = (double *)out + ((b * T + t) * H + h) * D;
				for (d = 0; d < D; d++)
					for (o[d] = 0, j = 0; j <= to; j++)
						o[d] += w[j] *
							x[j * row +
							    (kv + K) * D + d];
			}
	free(w);
}

/* One query's share in the gradients of its head; dq, dk, dv as qkv. */
static void
query_bwd(double *d, const double *g, const double *x, double *w, int from,
    int to, int t, int row, int D, int h, int kv, int K)
{
	const double *q = x + t * row + h * D;
	double mean = 0, dw, ds;
	int j, c, pass;

	weigh(w, q, x + kv * D, from, to, row, D);
	for (pass = 0; pass < 2; pass++)
		for (j = 0; j <= to; j++) {
			const double *k = x + j * row + kv * D;
			double *dk = d + j * row + kv * D;

			for (dw = 0, c = 0; c < D; c++)
				dw += g[c] * k[K * D + c];
			if (pass == 0) {
				mean += w[j] * dw;
				continue;
			}
			ds = w[j] * (dw - mean) / sqrt(D);
			for (c = 0; c < D; c++) {
				dk[K * D + c] += w[j] * g[c];
				dk[c] += ds * q[c];
				d[t * row + h * D + c] += ds * k[c];
			}
		}
}

void
ref_attention_bwd(void *dqkv, const void *dout, const void *out,
    const void *qkv, const void *lse, const int32_t *first, const int32_t *last,
    int B, int T, int H, int K, int D, int window)
{
	int row = (H + 2 * K) * D, b, h, t;
	double *w = malloc((size_t)T * sizeof(*w));

	(void)out;
	(void)lse;
	ref_zero(dqkv, (size_t)B * (size_t)T * (size_t)row);
	for (b = 0; b < B; b++)
		for (h = 0; h < H; h++)
			for (t = 0; t < T; t++)
				query_bwd((double *)dqkv + b * T * row,
				    (const double *)dout +
					((b * T + t) * H + h) * D,
				    (const double *)qkv + b * T * row, w,
				    begins(first ? first + b * T : NULL, t,
					window),
				    last ? last[b * T + t] : t, t, row, D, h,
				    H + h / (H / K), K);
	free(w);
}

/* Rebuilds what attention_fwd would see, from the kept keys and values. */
void
ref_attention_step(void *out, void *keys, void *values, const void *qkv, int n,
    int pos, int H, int K, int D, int window)
{
	int row = (H + 2 * K) * D, ld = K * D, i, h, j, c;
	double *k = keys, *v = values, *o = out;
	double *w = malloc((size_t)(pos + n) * sizeof(*w));
	const double *x = qkv;

	for (i = 0; i < n; i++)
		for (c = 0; c < ld; c++) {
			k[(pos + i) * ld + c] = x[i * row + H * D + c];
			v[(pos + i) * ld + c] = x[i * row + H * D + ld + c];
		}
	for (i = 0; i < n; i++)
		for (h = 0; h < H; h++) {
			weigh(w, x + i * row + h * D, k + h / (H / K) * D,
			    begins(NULL, pos + i, window), pos + i, ld, D);
			for (c = 0; c < D; c++) {
				o[(i * H + h) * D + c] = 0;
				for (j = 0; j <= pos + i; j++)
					o[(i * H + h) * D + c] +=
					    w[j] *
					    v[j * ld + h / (H / K) * D + c];
			}
		}
	free(w);
}

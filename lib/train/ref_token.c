/* SPDX-License-Identifier: MIT */
#include "train/ref.h"

void
ref_embed_fwd(void *out, const void *table, const int32_t *ids, int N, int C)
{
	const double *w = table;
	double *o = out;
	int i, c;

	for (i = 0; i < N; i++)
		for (c = 0; c < C; c++)
			o[i * C + c] = w[ids[i] * C + c];
}

void
ref_embed_bwd(void *dtable, const void *dout, const int32_t *ids, int N, int C)
{
	const double *g = dout;
	double *dw = dtable;
	int i, c;

	for (i = 0; i < N; i++)
		for (c = 0; c < C; c++)
			dw[ids[i] * C + c] += g[i * C + c];
}

void
ref_bias_fwd(void *x, const void *b, int N, int C)
{
	int i;

	for (i = 0; i < N * C; i++)
		((double *)x)[i] += ((const double *)b)[i % C];
}

void
ref_bias_bwd(void *db, const void *dout, int N, int C)
{
	int i;

	for (i = 0; i < N * C; i++)
		((double *)db)[i % C] += ((const double *)dout)[i];
}

void
ref_position_fwd(void *x, const void *table, const int32_t *first, int B, int T,
    int C, int pos)
{
	int i, at;

	for (i = 0; i < B * T * C; i++) {
		at = pos + i / C % T - (first ? first[i / C] : 0);
		((double *)x)[i] += ((const double *)table)[at * C + i % C];
	}
}

void
ref_position_bwd(
    void *dtable, const void *dout, const int32_t *first, int B, int T, int C)
{
	int i, at;

	for (i = 0; i < B * T * C; i++) {
		at = i / C % T - (first ? first[i / C] : 0);
		((double *)dtable)[at * C + i % C] += ((const double *)dout)[i];
	}
}

void
ref_rope(void *x, const void *table, int B, int T, int H, int D, int stride,
    int pos, int inverse)
{
	const double *cs;
	double *p = x, *a, *b, u, v, sine;
	int i, h, d;

	for (i = 0; i < B * T; i++) {
		cs = (const double *)table + (pos + i % T) * D;
		for (h = 0; h < H; h++)
			for (d = 0; d < D / 2; d++) {
				a = &p[i * stride + h * D + d];
				b = a + D / 2;
				sine = inverse ? -cs[D / 2 + d] : cs[D / 2 + d];
				u = *a;
				v = *b;
				*a = u * cs[d] - v * sine;
				*b = u * sine + v * cs[d];
			}
	}
}

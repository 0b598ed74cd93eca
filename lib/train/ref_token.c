/* SPDX-License-Identifier: MIT */
#include "train/philox.h"
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
ref_rope(void *x, const void *table, int B, int T, int H, int D, int R,
    int stride, int pos, int inverse)
{
	const double *cs;
	double *p = x, *a, *b, u, v, sine;
	int i, h, d;

	for (i = 0; i < B * T; i++) {
		cs = (const double *)table + (pos + i % T) * R;
		for (h = 0; h < H; h++)
			for (d = 0; d < R / 2; d++) {
				a = &p[i * stride + h * D + d];
				b = a + R / 2;
				sine = inverse ? -cs[R / 2 + d] : cs[R / 2 + d];
				u = *a;
				v = *b;
				*a = u * cs[d] - v * sine;
				*b = u * sine + v * cs[d];
			}
	}
}

double
ref_kept(const struct dropout *o, uint64_t token, int c, int C)
{
	uint64_t stream = o->stream;
	struct philox p;

	if (o->rate <= 0)
		return 1;
	if (o->more) {
		stream += o->more[0];
		token += o->more[1] * o->each;
	}
	p = philox(o->seed, stream,
	    token * (uint64_t)((C + 3) / 4) + (uint64_t)(c / 4));
	return p.v[c % 4] < o->rate * 4294967296.0 ? 0 : 1 / (1 - o->rate);
}

void
ref_dropout(void *x, int N, int C, const struct dropout *o)
{
	int i, c;

	for (i = 0; i < N; i++)
		for (c = 0; c < C; c++)
			((double *)x)[i * C + c] *=
			    ref_kept(o, o->at + (uint64_t)i, c, C);
}

void
ref_relative_fwd(
    void *bias, const void *table, const int32_t *bucket, int H, int n)
{
	int h, i;

	for (h = 0; h < H; h++)
		for (i = 0; i < n; i++)
			((double *)bias)[h * n + i] =
			    ((const double *)table)[bucket[i] * H + h];
}

void
ref_relative_bwd(void *dtable, const void *dbias, const int32_t *bucket, int B,
    int H, int T, int span)
{
	const double *g = dbias;
	int b, h, i;

	for (b = 0; b < B; b++)
		for (h = 0; h < H; h++)
			for (i = 0; i < 2 * T; i++)
				((double *)
					dtable)[bucket[span - T + i] * H + h] +=
				    g[(b * H + h) * 2 * T + i];
}

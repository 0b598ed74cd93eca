/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "train/ref.h"

/* One query: the position t of a row of T, by head h. */
struct query {
	const struct attention *o;
	const double *q, *k, *v; /* its own; those of the row's position 0 */
	int ld;                  /* from one position's keys to the next */
	int t, h, from, to;      /* it looks at positions from .. to */
};

static double
bias_of(const struct query *x, int j)
{
	const struct attention *o = x->o;

	return o->bias
		   ? ((const double *)
			     o->bias)[2 * o->span * x->h + o->span + j - x->t]
		   : 0;
}

/* Its weights over the positions from .. to; returns the lse. */
static double
weigh(double *w, const struct query *x)
{
	double max = -INFINITY, sum = 0;
	int j, d;

	for (j = x->from; j <= x->to; j++) {
		w[j] = 0;
		for (d = 0; d < x->o->D; d++)
			w[j] += x->q[d] * x->k[j * x->ld + d] * x->o->scale;
		w[j] += bias_of(x, j);
		max = fmax(max, w[j]);
	}
	for (j = x->from; j <= x->to; j++)
		sum += exp(w[j] - max);
	for (j = x->from; j <= x->to; j++)
		w[j] = exp(w[j] - max) / sum;
	return max + log(sum);
}

/* The first position that t of a row may look at; first: of that row. */
static int
begins(const int32_t *first, int t, int window)
{
	int from = first ? first[t] : 0;

	return window && t - window + 1 > from ? t - window + 1 : from;
}

/* Head h of position t in row b of T. */
static struct query
query(const struct attention *o, const double *qkv, int b, int t, int h, int T)
{
	int row = (o->H + 2 * o->K) * o->D, kv = o->H + h / (o->H / o->K);
	const double *x = qkv + b * T * row;
	const int32_t *first = o->first ? o->first + b * T : NULL;

	return (struct query){ .o = o,
		.q = x + t * row + h * o->D,
		.k = x + kv * o->D,
		.v = x + (kv + o->K) * o->D,
		.ld = row,
		.t = t,
		.h = h,
		.from = begins(first, t, o->window),
		.to = o->last ? o->last[b * T + t] : t };
}

/* What becomes of its weight of j in row b of T. */
static double
kept(const struct query *x, int b, int T, int j)
{
	uint64_t token = x->o->drop.at + (uint64_t)(b * T + x->t);

	return ref_kept(
	    &x->o->drop, token * (uint64_t)x->o->H + (uint64_t)x->h, j, T);
}

void
ref_attention_fwd(void *out, void *lse, const void *qkv, int B, int T,
    const struct attention *o)
{
	double *w = malloc((size_t)T * sizeof(*w)), *y;
	int i, j, d;

	for (i = 0; i < B * T * o->H; i++) {
		int b = i / o->H / T;
		struct query x = query(o, qkv, b, i / o->H % T, i % o->H, T);

		((double *)lse)[i] = weigh(w, &x);
		y = (double *)out + i * o->D;
		for (d = 0; d < o->D; d++)
			for (y[d] = 0, j = x.from; j <= x.to; j++)
				y[d] += w[j] * kept(&x, b, T, j) *
					x.v[j * x.ld + d];
	}
	free(w);
}

/* One query's share in the gradients; d: of its row, as the row's x. */
static void
query_bwd(double *d, double *dbias, const double *g, const struct query *x,
    double *w, int b, int T)
{
	int D = x->o->D, kv = x->o->H + x->h / (x->o->H / x->o->K), j, c, pass;
	double mean = 0, dw, ds, keep;

	weigh(w, x);
	for (pass = 0; pass < 2; pass++)
		for (j = x->from; j <= x->to; j++) {
			double *dk = d + j * x->ld + kv * D;

			keep = kept(x, b, T, j);
			for (dw = 0, c = 0; c < D; c++)
				dw += g[c] * x->v[j * x->ld + c] * keep;
			if (pass == 0) {
				mean += w[j] * dw;
				continue;
			}
			ds = w[j] * (dw - mean);
			if (dbias)
				dbias[T + j - x->t] += ds;
			ds *= x->o->scale;
			for (c = 0; c < D; c++) {
				dk[x->o->K * D + c] += w[j] * keep * g[c];
				dk[c] += ds * x->q[c];
				d[x->t * x->ld + x->h * D + c] +=
				    ds * x->k[j * x->ld + c];
			}
		}
}

void
ref_attention_bwd(void *dqkv, void *dbias, const void *dout, const void *out,
    const void *qkv, const void *lse, int B, int T, const struct attention *o)
{
	int row = (o->H + 2 * o->K) * o->D, i;
	double *w = malloc((size_t)T * sizeof(*w)), *db = dbias;

	(void)out;
	(void)lse;
	ref_zero(dqkv, (size_t)B * (size_t)T * (size_t)row);
	if (dbias)
		ref_zero(dbias, 2 * (size_t)B * (size_t)T * (size_t)o->H);
	for (i = 0; i < B * T * o->H; i++) {
		int b = i / o->H / T, h = i % o->H;
		struct query x = query(o, qkv, b, i / o->H % T, h, T);

		query_bwd((double *)dqkv + b * T * row,
		    db ? db + (b * o->H + h) * 2 * T : NULL,
		    (const double *)dout + i * o->D, &x, w, b, T);
	}
	free(w);
}

/* Rebuilds what attention_fwd would see, from the kept keys and values. */
void
ref_attention_step(void *out, void *keys, void *values, const void *qkv, int n,
    int pos, const struct attention *o)
{
	int H = o->H, K = o->K, D = o->D, ld = K * D, row = (H + 2 * K) * D;
	double *w = malloc((size_t)(pos + n) * sizeof(*w)), *y = out;
	double *k = keys, *v = values;
	const double *x = qkv;
	int i, j, c;

	for (i = 0; i < n; i++)
		for (c = 0; c < ld; c++) {
			k[(pos + i) * ld + c] = x[i * row + H * D + c];
			v[(pos + i) * ld + c] = x[i * row + H * D + ld + c];
		}
	for (i = 0; i < n * H; i++) {
		int at = i / H, h = i % H, kv = h / (H / K) * D;
		struct query q = { .o = o,
			.q = x + at * row + h * D,
			.k = k + kv,
			.ld = ld,
			.t = pos + at,
			.h = h,
			.from = begins(NULL, pos + at, o->window),
			.to = pos + at };

		weigh(w, &q);
		for (c = 0; c < D; c++)
			for (y[i * D + c] = 0, j = q.from; j <= q.to; j++)
				y[i * D + c] += w[j] * v[j * ld + kv + c];
	}
	free(w);
}

/* SPDX-License-Identifier: MIT */
/* The way back of attention.c: weights are made again from the saved lse. */
#include "train/cpu/attention.h"

/* What the backward pass of one query head needs; rows as in shape. */
struct head {
	const float *q, *k, *v, *out, *dout, *lse;
	float *dq, *dk, *dv;
	float *dbias; /* (2T) or NULL */
	size_t b, h;  /* its row of the batch, its number */
};

/*
 * Products of a query and keys, times `factor`, become weights p; d(weights),
 * dp, becomes d(products).
 */
SIMD static void
row_scores(float *p, float *dp, struct span x, size_t width, float factor,
    float scale, float lse, float delta)
{
	size_t j, from = x.from, to = x.to;

	for (j = 0; j < from; j++)
		p[j] = dp[j] = 0;
#pragma omp simd
	for (j = from; j < to; j++) {
		p[j] = exp_f32(p[j] * factor - lse);
		dp[j] = p[j] * (dp[j] - delta) * scale;
	}
	for (j = to; j < width; j++)
		p[j] = dp[j] = 0;
}

/* The row of a tile from key k0 on that is query t's. */
static void
row_bwd(const struct shape *s, const struct head *h, float *p, float *dp,
    size_t t, size_t k0, size_t nk, float delta)
{
	struct place at = { h->b, h->h, t };
	struct span x = attn_seen(s, h->b, t, k0, nk);
	float factor = attn_biased(s, p, at, x, k0), m[KEYS];
	bool drops = s->drop->rate > 0;

	if (drops) {
		attn_row_mask(s, m, at, x, k0);
		attn_times_mask(dp, m, x.to);
	}
	row_scores(p, dp, x, nk, factor, s->scale, h->lse[t * s->H], delta);
	if (h->dbias && x.to > x.from)
		vec_axpy(h->dbias + s->T + k0 + x.from - t, dp + x.from,
		    x.to - x.from, 1 / s->scale);
	if (drops)
		attn_times_mask(p, m, x.to);
}

static void
tile_bwd(const struct shape *s, const struct head *h, const float *delta,
    size_t q0, size_t nq, size_t k0, size_t nk)
{
	float p[QUERIES * KEYS], dp[QUERIES * KEYS];
	size_t ldo = s->H * s->D, at_q = q0 * s->row, at_k = k0 * s->row, i;

	attn_times_rows(
	    p, KEYS, h->q + at_q, s->row, h->k + at_k, s->row, nq, nk, s->D);
	attn_times_rows(dp, KEYS, h->dout + q0 * ldo, ldo, h->v + at_k, s->row,
	    nq, nk, s->D);
	for (i = 0; i < nq; i++)
		row_bwd(s, h, p + i * KEYS, dp + i * KEYS, q0 + i, k0, nk,
		    delta[i]);
	attn_add_times(h->dv + at_k, s->row, p, KEYS, true, h->dout + q0 * ldo,
	    ldo, nk, s->D, nq);
	attn_add_times(h->dq + at_q, s->row, dp, KEYS, false, h->k + at_k,
	    s->row, nq, s->D, nk);
	attn_add_times(h->dk + at_k, s->row, dp, KEYS, true, h->q + at_q,
	    s->row, nk, s->D, nq);
}

static void
head_bwd(const struct shape *s, const struct head *h)
{
	size_t ldo = s->H * s->D, q0, nq, k0, end, i;
	float delta[QUERIES];

	for (q0 = 0; q0 < s->T; q0 += QUERIES) {
		nq = attn_lesser(QUERIES, s->T - q0);
		for (i = 0; i < nq; i++)
			delta[i] = vec_dot(h->dout + (q0 + i) * ldo,
			    h->out + (q0 + i) * ldo, s->D);
		k0 = attn_begins(s, h->b, q0) / KEYS * KEYS;
		end = attn_ends(s, h->b, q0 + nq - 1);
		for (; k0 < end; k0 += KEYS)
			tile_bwd(s, h, delta, q0, nq, k0,
			    attn_lesser(KEYS, end - k0));
	}
}

/* What the backward pass of a layer reads and writes. */
struct layer {
	float *dqkv, *dbias;
	const float *dout, *out, *qkv, *lse;
};

/* All query heads of key head kv in row b of the batch. */
static void
group_bwd(const struct shape *s, const struct layer *l, size_t b, size_t kv)
{
	size_t group = s->H / s->K, at = b * s->T * s->row, h, o;
	const float *x = l->qkv + at;
	float *dx = l->dqkv + at;

	for (h = kv * group; h < (kv + 1) * group; h++) {
		o = (b * s->T * s->H + h) * s->D;
		head_bwd(s,
		    &(struct head){ .q = x + h * s->D,
			.k = x + (s->H + kv) * s->D,
			.v = x + (s->H + s->K + kv) * s->D,
			.dq = dx + h * s->D,
			.dk = dx + (s->H + kv) * s->D,
			.dv = dx + (s->H + s->K + kv) * s->D,
			.dbias = l->dbias ? l->dbias + (b * s->H + h) * 2 * s->T
					  : NULL,
			.out = l->out + o,
			.dout = l->dout + o,
			.b = b,
			.h = h,
			.lse = l->lse + b * s->T * s->H + h });
	}
}

void
cpu_attention_bwd(void *dqkv, void *dbias, const void *dout, const void *out,
    const void *qkv, const void *lse, int B, int T, const struct attention *o)
{
	struct shape s = attn_shape(T, o);
	struct layer l = { dqkv, dbias, dout, out, qkv, lse };
	int t;

	cpu_zero(dqkv, (size_t)B * s.T * s.row);
	if (dbias)
		cpu_zero(dbias, (size_t)B * s.H * 2 * s.T);
#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < B * o->K; t++)
		group_bwd(&s, &l, (size_t)(t / o->K), (size_t)(t % o->K));
}

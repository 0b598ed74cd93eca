/* SPDX-License-Identifier: MIT */
/*
 * Attention in tiles of QUERIES x KEYS scores, which stay on the thread's
 * stack.  Forward: a thread takes a block of queries of one head and keeps a
 * running maximum and sum.  Backward: a thread takes a key head with all the
 * query heads that look at it, so that every gradient has one owner.
 * Source: Dao et al., arXiv 2205.14135, algorithms 1 and 4; Dao, arXiv
 * 2307.08691 for the order of the loops.
 */
#include <math.h>

#include "train/cpu/attention.h"
#include "train/cpu/dropout.h"
#include "train/cpu/gemm.h"

struct shape
attn_shape(int T, const struct attention *o)
{
	struct shape s = { .T = (size_t)T,
		.H = (size_t)o->H,
		.K = (size_t)o->K,
		.D = (size_t)o->D,
		.scale = (float)o->scale,
		.window = (size_t)o->window,
		.first = o->first,
		.last = o->last,
		.bias = o->bias,
		.span = (size_t)o->span,
		.drop = &o->drop };

	s.row = (s.H + 2 * s.K) * s.D;
	return s;
}

size_t
attn_begins(const struct shape *s, size_t b, size_t t)
{
	size_t from = s->first ? (size_t)s->first[b * s->T + t] : 0;

	return s->window && t + 1 > from + s->window ? t + 1 - s->window : from;
}

size_t
attn_ends(const struct shape *s, size_t b, size_t t)
{
	return s->last ? (size_t)s->last[b * s->T + t] + 1 : t + 1;
}

struct span
attn_seen(const struct shape *s, size_t b, size_t t, size_t k0, size_t n)
{
	size_t from = attn_begins(s, b, t), to = attn_ends(s, b, t);
	struct span x = { from > k0 ? attn_lesser(n, from - k0) : 0,
		to > k0 ? attn_lesser(n, to - k0) : 0 };

	if (x.to < x.from)
		x.to = x.from;
	return x;
}

void
attn_times_rows(float *c, size_t ldc, const float *a, size_t lda,
    const float *b, size_t ldb, size_t m, size_t n, size_t k)
{
	struct gemm g = { .tb = true,
		.m = m,
		.n = n,
		.k = k,
		.alpha = 1,
		.a = a,
		.lda = lda,
		.b = b,
		.ldb = ldb,
		.c = c,
		.ldc = ldc };

	gemm(&g);
}

void
attn_add_times(float *c, size_t ldc, const float *a, size_t lda, bool ta,
    const float *b, size_t ldb, size_t m, size_t n, size_t k)
{
	struct gemm g = { .ta = ta,
		.m = m,
		.n = n,
		.k = k,
		.alpha = 1,
		.beta = 1,
		.a = a,
		.lda = lda,
		.b = b,
		.ldb = ldb,
		.c = c,
		.ldc = ldc };

	gemm(&g);
}

SIMD static void
add_bias(float *s, const float *bias, size_t n, float scale)
{
	size_t j;

#pragma omp simd
	for (j = 0; j < n; j++)
		s[j] = s[j] * scale + bias[j];
}

float
attn_biased(const struct shape *s, float *scores, struct place p, struct span x,
    size_t k0)
{
	if (!s->bias || x.from == x.to)
		return s->scale;
	add_bias(scores + x.from,
	    s->bias + 2 * s->span * p.h + s->span + k0 + x.from - p.t,
	    x.to - x.from, s->scale);
	return 1;
}

SIMD void
attn_times_mask(float *x, const float *m, size_t n)
{
	size_t j;

#pragma omp simd
	for (j = 0; j < n; j++)
		x[j] *= m[j];
}

void
attn_row_mask(
    const struct shape *s, float *m, struct place p, struct span x, size_t k0)
{
	uint64_t token = s->drop->at + p.b * s->T + p.t;

	dropout_mask(m, s->drop, token * s->H + p.h, k0, x.to, s->T);
}

/*
 * One row of a tile: scores to weights exp(score - max), the running maximum
 * and sum and the output so far adjusted.
 */
static void
soften(float *s, struct span x, size_t width, float scale, float *max,
    float *sum, float *out, size_t D)
{
	float m, shrink;

	memset(s, 0, x.from * sizeof(*s));
	memset(s + x.to, 0, (width - x.to) * sizeof(*s));
	if (x.from == x.to)
		return;
	m = vec_max(s + x.from, x.to - x.from) * scale;
	m = m > *max ? m : *max;
	shrink = exp_f32(*max - m);
	*sum = *sum * shrink + vec_exp_sum(s + x.from, x.to - x.from, scale, m);
	vec_scale(out, D, shrink);
	*max = m;
}

/* A row of a tile of n keys from k0 on becomes weights. */
static void
weigh_row(const struct shape *s, float *row, struct place p, size_t k0,
    size_t n, float *max, float *sum, float *out)
{
	struct span x = attn_seen(s, p.b, p.t, k0, n);
	float m[KEYS];

	soften(row, x, n, attn_biased(s, row, p, x, k0), max, sum, out, s->D);
	if (s->drop->rate > 0) {
		attn_row_mask(s, m, p, x, k0);
		attn_times_mask(row, m, x.to);
	}
}

/* Queries from p on: out, lse, q, k, v of their head. */
static void
block_fwd(const struct shape *s, float *out, float *lse, const float *q,
    const float *k, const float *v, struct place p)
{
	size_t q0 = p.t, nq = attn_lesser(QUERIES, s->T - q0), k0, nk, i;
	size_t end = attn_ends(s, p.b, q0 + nq - 1);
	float tile[QUERIES * KEYS], max[QUERIES], sum[QUERIES];
	size_t ldo = s->H * s->D;

	for (i = 0; i < nq; i++) {
		max[i] = -INFINITY;
		sum[i] = 0;
		memset(out + (q0 + i) * ldo, 0, s->D * sizeof(*out));
	}
	for (k0 = attn_begins(s, p.b, q0) / KEYS * KEYS; k0 < end; k0 += KEYS) {
		nk = attn_lesser(KEYS, end - k0);
		attn_times_rows(tile, KEYS, q + q0 * s->row, s->row,
		    k + k0 * s->row, s->row, nq, nk, s->D);
		for (i = 0; i < nq; i++)
			weigh_row(s, tile + i * KEYS,
			    (struct place){ p.b, p.h, q0 + i }, k0, nk, &max[i],
			    &sum[i], out + (q0 + i) * ldo);
		attn_add_times(out + q0 * ldo, ldo, tile, KEYS, false,
		    v + k0 * s->row, s->row, nq, s->D, nk);
	}
	for (i = 0; i < nq; i++) {
		vec_scale(out + (q0 + i) * ldo, s->D, 1 / sum[i]);
		lse[(q0 + i) * s->H] = max[i] + logf(sum[i]);
	}
}

void
cpu_attention_fwd(void *out, void *lse, const void *qkv, int B, int T,
    const struct attention *o)
{
	struct shape s = attn_shape(T, o);
	int blocks = (T + QUERIES - 1) / QUERIES, t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < B * o->H * blocks; t++) {
		size_t b = (size_t)(t / blocks / o->H), h, kv;
		const float *x = (const float *)qkv + b * s.T * s.row;

		h = (size_t)(t / blocks % o->H);
		kv = h / (s.H / s.K);
		block_fwd(&s, (float *)out + (b * s.T * s.H + h) * s.D,
		    (float *)lse + b * s.T * s.H + h, x + h * s.D,
		    x + (s.H + kv) * s.D, x + (s.H + s.K + kv) * s.D,
		    (struct place){ b, h, (size_t)(t % blocks) * QUERIES });
	}
}

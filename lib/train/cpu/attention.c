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

#include "train/cpu/gemm.h"
#include "train/cpu/vec.h"
#include "train/ops.h"

enum { QUERIES = 64, KEYS = 256 };

struct shape {
	size_t T, H, K, D;
	size_t row;                  /* of qkv: (H + 2K) * D */
	float scale;                 /* 1 / sqrt(D) */
	size_t window;               /* or 0 */
	const int32_t *first, *last; /* (B,T) or NULL */
};

static struct shape
shape_of(int T, int H, int K, int D, int window, const int32_t *first,
    const int32_t *last)
{
	struct shape s = { .T = (size_t)T,
		.H = (size_t)H,
		.K = (size_t)K,
		.D = (size_t)D,
		.window = (size_t)window,
		.first = first,
		.last = last };

	s.row = (s.H + 2 * s.K) * s.D;
	s.scale = 1 / sqrtf((float)D);
	return s;
}

static size_t
lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The keys from .. to of a tile of n from k0 on that a query looks at. */
struct span {
	size_t from, to;
};

/* The first position that position t of row b looks at. */
static size_t
begins(const struct shape *s, size_t b, size_t t)
{
	size_t from = s->first ? (size_t)s->first[b * s->T + t] : 0;

	return s->window && t + 1 > from + s->window ? t + 1 - s->window : from;
}

/* The position behind the last one that position t of row b looks at. */
static size_t
ends(const struct shape *s, size_t b, size_t t)
{
	return s->last ? (size_t)s->last[b * s->T + t] + 1 : t + 1;
}

static struct span
seen(const struct shape *s, size_t b, size_t t, size_t k0, size_t n)
{
	size_t from = begins(s, b, t), to = ends(s, b, t);
	struct span x = { from > k0 ? lesser(n, from - k0) : 0,
		to > k0 ? lesser(n, to - k0) : 0 };

	if (x.to < x.from)
		x.to = x.from;
	return x;
}

/* c (m,n) = alpha * a (m,k) * b' (n,k) */
static void
times_rows(float *c, size_t ldc, const float *a, size_t lda, const float *b,
    size_t ldb, size_t m, size_t n, size_t k)
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

/* c (m,n) += A (m,k) * b (k,n), A = a or its transpose */
static void
add_times(float *c, size_t ldc, const float *a, size_t lda, bool ta,
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

static void
block_fwd(const struct shape *s, float *out, float *lse, const float *q,
    const float *k, const float *v, size_t b, size_t q0)
{
	size_t nq = lesser(QUERIES, s->T - q0), k0, nk, i;
	size_t end = ends(s, b, q0 + nq - 1);
	float tile[QUERIES * KEYS], max[QUERIES], sum[QUERIES];
	size_t ldo = s->H * s->D;

	for (i = 0; i < nq; i++) {
		max[i] = -INFINITY;
		sum[i] = 0;
		memset(out + (q0 + i) * ldo, 0, s->D * sizeof(*out));
	}
	for (k0 = begins(s, b, q0) / KEYS * KEYS; k0 < end; k0 += KEYS) {
		nk = lesser(KEYS, end - k0);
		times_rows(tile, KEYS, q + q0 * s->row, s->row, k + k0 * s->row,
		    s->row, nq, nk, s->D);
		for (i = 0; i < nq; i++)
			soften(tile + i * KEYS, seen(s, b, q0 + i, k0, nk), nk,
			    s->scale, &max[i], &sum[i], out + (q0 + i) * ldo,
			    s->D);
		add_times(out + q0 * ldo, ldo, tile, KEYS, false,
		    v + k0 * s->row, s->row, nq, s->D, nk);
	}
	for (i = 0; i < nq; i++) {
		vec_scale(out + (q0 + i) * ldo, s->D, 1 / sum[i]);
		lse[(q0 + i) * s->H] = max[i] + logf(sum[i]);
	}
}

void
cpu_attention_fwd(void *out, void *lse, const void *qkv, const int32_t *first,
    const int32_t *last, int B, int T, int H, int K, int D, int window)
{
	struct shape s = shape_of(T, H, K, D, window, first, last);
	int blocks = (T + QUERIES - 1) / QUERIES, t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < B * H * blocks; t++) {
		size_t b = (size_t)(t / blocks / H), h;
		const float *x = (const float *)qkv + b * s.T * s.row;
		size_t kv;

		h = (size_t)(t / blocks % H);
		kv = h / (s.H / s.K);
		block_fwd(&s, (float *)out + (b * s.T * s.H + h) * s.D,
		    (float *)lse + b * s.T * s.H + h, x + h * s.D,
		    x + (s.H + kv) * s.D, x + (s.H + s.K + kv) * s.D, b,
		    (size_t)(t % blocks) * QUERIES);
	}
}

/* What the backward pass of one query head needs; rows as in shape. */
struct head {
	const float *q, *k, *v, *out, *dout, *lse;
	float *dq, *dk, *dv;
	size_t b; /* its row of the batch */
};

/* weights -> p, d(weights) -> dp in place becomes d(scores) */
SIMD static void
row_scores(float *p, float *dp, struct span x, size_t width, float scale,
    float lse, float delta)
{
	size_t j, from = x.from, to = x.to;

	for (j = 0; j < from; j++)
		p[j] = dp[j] = 0;
#pragma omp simd
	for (j = from; j < to; j++) {
		p[j] = exp_f32(p[j] * scale - lse);
		dp[j] = p[j] * (dp[j] - delta) * scale;
	}
	for (j = to; j < width; j++)
		p[j] = dp[j] = 0;
}

static void
tile_bwd(const struct shape *s, const struct head *h, const float *delta,
    size_t q0, size_t nq, size_t k0, size_t nk)
{
	float p[QUERIES * KEYS], dp[QUERIES * KEYS];
	size_t ldo = s->H * s->D, at_q = q0 * s->row, at_k = k0 * s->row, i;

	times_rows(
	    p, KEYS, h->q + at_q, s->row, h->k + at_k, s->row, nq, nk, s->D);
	times_rows(dp, KEYS, h->dout + q0 * ldo, ldo, h->v + at_k, s->row, nq,
	    nk, s->D);
	for (i = 0; i < nq; i++)
		row_scores(p + i * KEYS, dp + i * KEYS,
		    seen(s, h->b, q0 + i, k0, nk), nk, s->scale,
		    h->lse[(q0 + i) * s->H], delta[i]);
	add_times(h->dv + at_k, s->row, p, KEYS, true, h->dout + q0 * ldo, ldo,
	    nk, s->D, nq);
	add_times(h->dq + at_q, s->row, dp, KEYS, false, h->k + at_k, s->row,
	    nq, s->D, nk);
	add_times(h->dk + at_k, s->row, dp, KEYS, true, h->q + at_q, s->row, nk,
	    s->D, nq);
}

static void
head_bwd(const struct shape *s, const struct head *h)
{
	size_t ldo = s->H * s->D, q0, nq, k0, end, i;
	float delta[QUERIES];

	for (q0 = 0; q0 < s->T; q0 += QUERIES) {
		nq = lesser(QUERIES, s->T - q0);
		for (i = 0; i < nq; i++)
			delta[i] = vec_dot(h->dout + (q0 + i) * ldo,
			    h->out + (q0 + i) * ldo, s->D);
		k0 = begins(s, h->b, q0) / KEYS * KEYS;
		end = ends(s, h->b, q0 + nq - 1);
		for (; k0 < end; k0 += KEYS)
			tile_bwd(
			    s, h, delta, q0, nq, k0, lesser(KEYS, end - k0));
	}
}

/* All query heads of key head kv in row b of the batch. */
static void
group_bwd(const struct shape *s, float *dqkv, const float *dout,
    const float *out, const float *qkv, const float *lse, size_t b, size_t kv)
{
	size_t group = s->H / s->K, at = b * s->T * s->row, g, h, o;

	for (g = 0; g < group; g++) {
		h = kv * group + g;
		o = (b * s->T * s->H + h) * s->D;
		head_bwd(s, &(struct head){ .q = qkv + at + h * s->D,
				.k = qkv + at + (s->H + kv) * s->D,
				.v = qkv + at + (s->H + s->K + kv) * s->D,
				.dq = dqkv + at + h * s->D,
				.dk = dqkv + at + (s->H + kv) * s->D,
				.dv = dqkv + at + (s->H + s->K + kv) * s->D,
				.out = out + o,
				.dout = dout + o,
				.b = b,
				.lse = lse + b * s->T * s->H + h });
	}
}

void
cpu_attention_bwd(void *dqkv, const void *dout, const void *out,
    const void *qkv, const void *lse, const int32_t *first, const int32_t *last,
    int B, int T, int H, int K, int D, int window)
{
	struct shape s = shape_of(T, H, K, D, window, first, last);
	int t;

	cpu_zero(dqkv, (size_t)B * s.T * s.row);
#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < B * K; t++)
		group_bwd(&s, dqkv, dout, out, qkv, lse, (size_t)(t / K),
		    (size_t)(t % K));
}

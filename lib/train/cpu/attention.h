/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_ATTENTION_H
#define TRAIN_CPU_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

/* What both directions of attention in tiles share. */
enum { QUERIES = 64, KEYS = 256 };

struct shape {
	size_t T, H, K, D;
	size_t row; /* of qkv: (H + 2K) * D */
	float scale;
	size_t window;               /* or 0 */
	const int32_t *first, *last; /* (B,T) or NULL */
	const float *bias;           /* (H, 2*span) or NULL */
	size_t span;
	const struct dropout *drop;
};

/* A query's place: row of the batch, head, position. */
struct place {
	size_t b, h, t;
};

/* The keys from .. to of a tile of n from k0 on that a query looks at. */
struct span {
	size_t from, to;
};

struct shape attn_shape(int T, const struct attention *o);
/* The first position that position t of row b looks at. */
size_t attn_begins(const struct shape *s, size_t b, size_t t);
/* The position behind the last one that position t of row b looks at. */
size_t attn_ends(const struct shape *s, size_t b, size_t t);
struct span
attn_seen(const struct shape *s, size_t b, size_t t, size_t k0, size_t n);
/* c (m,n) = a (m,k) * b' (n,k) */
void attn_times_rows(float *c, size_t ldc, const float *a, size_t lda,
    const float *b, size_t ldb, size_t m, size_t n, size_t k);
/* c (m,n) += A (m,k) * b (k,n), A = a or its transpose */
void attn_add_times(float *c, size_t ldc, const float *a, size_t lda, bool ta,
    const float *b, size_t ldb, size_t m, size_t n, size_t k);
/*
 * The biases of a row of a tile from key k0 on are added to its scores; returns
 * the factor that is still due.
 */
float attn_biased(const struct shape *s, float *scores, struct place p,
    struct span x, size_t k0);
/* What becomes of the weights of a row of a tile; m (KEYS). */
void attn_row_mask(
    const struct shape *s, float *m, struct place p, struct span x, size_t k0);
/* x[j] *= m[j] */
void attn_times_mask(float *x, const float *m, size_t n);

static inline size_t
attn_lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

#endif

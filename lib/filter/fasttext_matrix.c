/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/simd.h"
#include "filter/fasttext_model.h"

enum {
	CENTROIDS = 256,
	WIDE = 16,   /* numbers that are added up together */
	ABREAST = 4, /* times so many */
	LANES = 4,
	LINE = 64,   /* bytes of a cache line */
	NEAR = 8192, /* bytes of rows that are added up while as many come */
	AHEAD = 12,  /* codes of rows */
};

static inline float
float_at(const char *p, int64_t i)
{
	float v;

	memcpy(&v, p + 4 * i, 4);
	return v;
}

static const char *
centroid(const struct fasttext_pq *q, int32_t part, uint8_t code)
{
	int64_t at = (int64_t)part * CENTROIDS * q->width;

	at += (int64_t)code * (part == q->parts - 1 ? q->last : q->width);
	return q->centroids + 4 * at;
}

static int32_t
part_width(const struct fasttext_pq *q, int32_t part)
{
	return part == q->parts - 1 ? q->last : q->width;
}

static float
norm_of(const struct fasttext_matrix *m, int64_t i)
{
	return m->norms ? float_at(centroid(&m->npq, 0, m->norms[i]), 0) : 1;
}

typedef float floats4 __attribute__((vector_size(16), aligned(1), may_alias));
static inline floats4
four_at(const void *p, int64_t i)
{
	return *(const floats4 *)((const char *)p + 4 * i);
}

/* All of a row is needed soon. */
static inline void
fetch(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += LINE)
		__builtin_prefetch(p + i);
}

typedef float wide
    __attribute__((vector_size(4 * WIDE), aligned(1), may_alias));

/* Columns at to at + n * WIDE of the rows: sums stay in registers. */
static inline __attribute__((always_inline)) void
add_columns(const struct fasttext_matrix *m, const int32_t *ids, size_t rows,
    int64_t at, size_t n, float *x)
{
	const char *data = m->data + 4 * at, *row;
	size_t size = 4 * (size_t)m->cols, i, k;
	wide sum[ABREAST];

	for (k = 0; k < n; k++)
		sum[k] = *(const wide *)(x + at + k * WIDE);
	for (i = 0; i < rows; i++) {
		row = data + (size_t)ids[i] * size;
#pragma GCC unroll 4
		for (k = 0; k < n; k++)
			sum[k] += *(const wide *)(row + 4 * k * WIDE);
	}
	for (k = 0; k < n; k++)
		*(wide *)(x + at + k * WIDE) = sum[k];
}

/* The same for LANES columns. */
static inline __attribute__((always_inline)) void
add_few_columns(const struct fasttext_matrix *m, const int32_t *ids,
    size_t rows, int64_t at, float *x)
{
	floats4 sum = four_at(x, at);
	size_t i;

	for (i = 0; i < rows; i++)
		sum += four_at(m->data, ids[i] * m->cols + at);
	*(floats4 *)(x + at) = sum;
}

/* Rows few enough to stay in the nearest cache. */
SIMD static void
add_near_rows(
    const struct fasttext_matrix *m, const int32_t *ids, size_t n, float *x)
{
	int64_t k = 0;
	size_t i;

	for (; k + ABREAST * WIDE <= m->cols; k += ABREAST * WIDE)
		add_columns(m, ids, n, k, ABREAST, x);
	for (; k + 2 * WIDE <= m->cols; k += 2 * WIDE)
		add_columns(m, ids, n, k, 2, x);
	for (; k + WIDE <= m->cols; k += WIDE)
		add_columns(m, ids, n, k, 1, x);
	for (; k + LANES <= m->cols; k += LANES)
		add_few_columns(m, ids, n, k, x);
	for (; k < m->cols; k++)
		for (i = 0; i < n; i++)
			x[k] += float_at(m->data, ids[i] * m->cols + k);
}

static void
add_float_rows(
    const struct fasttext_matrix *m, const int32_t *ids, size_t n, float *x)
{
	size_t size = 4 * (size_t)m->cols, near = NEAR / size + 1, i, k, most;

	for (i = 0; i < n; i += near) {
		most = n - i < near ? n - i : near;
		for (k = i + most; k < n && k < i + most + near; k++)
			fetch(m->data + (size_t)ids[k] * size, size);
		add_near_rows(m, ids + i, most, x);
	}
}

SIMD void
fasttext_add_vector(float *x, const float *v, int32_t n)
{
	int32_t k = 0;

	for (; k + WIDE <= n; k += WIDE)
		*(wide *)(x + k) += *(const wide *)(v + k);
	for (; k < n; k++)
		x[k] += v[k];
}

static float
dot_floats(const char *row, int64_t n, const float *x, bool in_order)
{
	floats4 sum = { 0 };
	float rest = 0;
	int64_t k = 0;

	for (; !in_order && k + LANES <= n; k += LANES)
		sum += four_at(x, k) * four_at(row, k);
	for (; k < n; k++)
		rest += x[k] * float_at(row, k);
	return (sum[0] + sum[1]) + (sum[2] + sum[3]) + rest;
}

/* Parts of two numbers, which is what quantising makes unless told. */
static void
add_pairs(
    const struct fasttext_pq *q, const uint8_t *codes, float norm, float *x)
{
	const char *c = q->centroids;
	int32_t part;

	for (part = 0; part < q->parts; part++, c += 4 * 2 * CENTROIDS) {
		x[2 * part] += norm * float_at(c, 2 * codes[part]);
		x[2 * part + 1] += norm * float_at(c, 2 * codes[part] + 1);
	}
}

static void
add_codes(const struct fasttext_matrix *m, int64_t i, float *x)
{
	const struct fasttext_pq *q = &m->pq;
	const uint8_t *codes = m->codes + i * q->parts;
	float norm = norm_of(m, i);
	const char *row;
	int32_t part, k;

	if (q->width == 2 && q->last == 2) {
		add_pairs(q, codes, norm, x);
		return;
	}
	for (part = 0; part < q->parts; part++) {
		row = centroid(q, part, codes[part]);
		for (k = 0; k < part_width(q, part); k++)
			x[part * q->width + k] += norm * float_at(row, k);
	}
}

void
fasttext_add_rows(
    const struct fasttext_matrix *m, const int32_t *ids, size_t n, float *x)
{
	size_t i;

	if (!m->quantised) {
		add_float_rows(m, ids, n, x);
		return;
	}
	for (i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(
			    m->codes + (int64_t)ids[i + AHEAD] * m->pq.parts);
		add_codes(m, ids[i], x);
	}
}

float
fasttext_dot_row(
    const struct fasttext_matrix *m, int64_t i, const float *x, bool in_order)
{
	const struct fasttext_pq *q = &m->pq;
	const char *row;
	int32_t part, k;
	float sum = 0;

	if (!m->quantised)
		return dot_floats(
		    m->data + 4 * i * m->cols, m->cols, x, in_order);
	for (part = 0; part < q->parts; part++) {
		row = centroid(q, part, m->codes[i * q->parts + part]);
		for (k = 0; k < part_width(q, part); k++)
			sum += x[part * q->width + k] * float_at(row, k);
	}
	return sum * norm_of(m, i);
}

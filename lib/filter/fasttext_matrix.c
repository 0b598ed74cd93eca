/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "filter/fasttext_model.h"

enum { CENTROIDS = 256 };

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

void
fasttext_add_row(const struct fasttext_matrix *m, int64_t i, float *x)
{
	const struct fasttext_pq *q = &m->pq;
	const char *row;
	int32_t part, k;
	float norm;

	if (!m->quantised) {
		row = m->data + 4 * i * m->cols;
		for (k = 0; k < m->cols; k++)
			x[k] += float_at(row, k);
		return;
	}
	norm = norm_of(m, i);
	for (part = 0; part < q->parts; part++) {
		row = centroid(q, part, m->codes[i * q->parts + part]);
		for (k = 0; k < part_width(q, part); k++)
			x[part * q->width + k] += norm * float_at(row, k);
	}
}

float
fasttext_dot_row(const struct fasttext_matrix *m, int64_t i, const float *x)
{
	const struct fasttext_pq *q = &m->pq;
	const char *row;
	int32_t part, k;
	float sum = 0;

	if (!m->quantised) {
		row = m->data + 4 * i * m->cols;
		for (k = 0; k < m->cols; k++)
			sum += x[k] * float_at(row, k);
		return sum;
	}
	for (part = 0; part < q->parts; part++) {
		row = centroid(q, part, m->codes[i * q->parts + part]);
		for (k = 0; k < part_width(q, part); k++)
			sum += x[part * q->width + k] * float_at(row, k);
	}
	return sum * norm_of(m, i);
}

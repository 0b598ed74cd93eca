/* SPDX-License-Identifier: MIT */
#include "train/cpu/vec.h"
#include "train/ops.h"

enum { COLUMNS = 64 }; /* of a sum over rows that a thread takes at a time */

void
cpu_bias_fwd(void *x, const void *b, int N, int C)
{
	size_t c = (size_t)C;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		vec_axpy((float *)x + (size_t)i * c, b, c, 1);
}

void
cpu_bias_bwd(void *db, const void *dout, int N, int C)
{
	size_t c = (size_t)C, from;

#pragma omp parallel for
	for (from = 0; from < c; from += COLUMNS) {
		size_t n = c - from < COLUMNS ? c - from : COLUMNS, row;

		for (row = 0; row < (size_t)N; row++)
			vec_axpy((float *)db + from,
			    (const float *)dout + row * c + from, n, 1);
	}
}

void
cpu_position_fwd(void *x, const void *table, const int32_t *first, int B, int T,
    int C, int pos)
{
	size_t c = (size_t)C;
	int i;

#pragma omp parallel for
	for (i = 0; i < B * T; i++)
		vec_axpy((float *)x + (size_t)i * c,
		    (const float *)table +
			(size_t)(pos + i % T - (first ? first[i] : 0)) * c,
		    c, 1);
}

void
cpu_position_bwd(
    void *dtable, const void *dout, const int32_t *first, int B, int T, int C)
{
	size_t c = (size_t)C, from;

#pragma omp parallel for
	for (from = 0; from < c; from += COLUMNS) {
		size_t n = c - from < COLUMNS ? c - from : COLUMNS, t;
		int i;

		for (i = 0; i < B * T; i++) {
			t = (size_t)(i % T - (first ? first[i] : 0));
			vec_axpy((float *)dtable + t * c + from,
			    (const float *)dout + (size_t)i * c + from, n, 1);
		}
	}
}

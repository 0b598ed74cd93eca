/* SPDX-License-Identifier: MIT */
/* Source: Raffel et al., arXiv 1910.10683, section 2.1. */
#include "train/ops.h"

void
cpu_relative_fwd(
    void *bias, const void *table, const int32_t *bucket, int H, int n)
{
	const float *w = table;
	int h;

#pragma omp parallel for
	for (h = 0; h < H; h++) {
		float *row = (float *)bias + (size_t)h * (size_t)n;
		int i;

		for (i = 0; i < n; i++)
			row[i] = w[bucket[i] * H + h];
	}
}

/* A thread a head: it owns a column of the table. */
void
cpu_relative_bwd(void *dtable, const void *dbias, const int32_t *bucket, int B,
    int H, int T, int span)
{
	const float *g = dbias;
	float *dw = dtable;
	int h;

#pragma omp parallel for
	for (h = 0; h < H; h++) {
		int b, i;

		for (b = 0; b < B; b++)
			for (i = 0; i < 2 * T; i++)
				dw[bucket[span - T + i] * H + h] +=
				    g[((size_t)b * (size_t)H + (size_t)h) * 2 *
					    (size_t)T +
					(size_t)i];
	}
}

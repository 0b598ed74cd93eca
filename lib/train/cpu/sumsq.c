/* SPDX-License-Identifier: MIT */
#include "train/cpu/vec.h"
#include "train/ops.h"

enum { TOGETHER = 256 }; /* chunks whose sums wait to be added in order */

void
cpu_sumsq(double *out, const void *x, size_t n)
{
	const float *p = x;
	size_t from, chunks, i;
	double sums[TOGETHER];

	*out = 0;
	for (from = 0; from < n; from += (size_t)TOGETHER * OPS_CHUNK) {
		chunks = (n - from + OPS_CHUNK - 1) / OPS_CHUNK;
		if (chunks > TOGETHER)
			chunks = TOGETHER;
#pragma omp parallel for
		for (i = 0; i < chunks; i++) {
			size_t at = from + i * OPS_CHUNK;

			sums[i] = vec_sumsq(
			    p + at, n - at < OPS_CHUNK ? n - at : OPS_CHUNK);
		}
		for (i = 0; i < chunks; i++)
			*out += sums[i];
	}
}

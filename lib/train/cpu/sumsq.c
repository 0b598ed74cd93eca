/* SPDX-License-Identifier: MIT */
#include "train/cpu/vec.h"
#include "train/ops.h"

enum { TOGETHER = 256 }; /* chunks whose sums wait to be added in order */

typedef float singles __attribute__((vector_size(VEC_LANES * sizeof(float))));
typedef double doubles __attribute__((vector_size(VEC_LANES * sizeof(double))));

/* VEC_LANES sums side by side, whatever registers hold; then in order. */
SIMD static double
chunk_sum(const float *x, size_t n)
{
	float rest[VEC_LANES] = { 0 };
	double sums[VEC_LANES], sum = 0;
	doubles s = { 0 }, d;
	singles v;
	size_t i, j;

	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&v, x + i, sizeof(v));
		d = __builtin_convertvector(v, doubles);
		s += d * d;
	}
	memcpy(rest, x + i, (n - i) * sizeof(*x));
	memcpy(&v, rest, sizeof(v));
	d = __builtin_convertvector(v, doubles);
	s += d * d;
	memcpy(sums, &s, sizeof(sums));
	for (j = 0; j < VEC_LANES; j++)
		sum += sums[j];
	return sum;
}

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

			sums[i] = chunk_sum(
			    p + at, n - at < OPS_CHUNK ? n - at : OPS_CHUNK);
		}
		for (i = 0; i < chunks; i++)
			*out += sums[i];
	}
}

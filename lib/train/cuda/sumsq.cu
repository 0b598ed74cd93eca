/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/ops.h"

/*
 * A block a chunk, a thread four elements at a time, whose squares are added in
 * double: a square of a float is one without rounding.
 */
static __global__ void
chunk_squares(double *part, const float *x, size_t n, bool aligned)
{
	size_t at = (size_t)blockIdx.x * OPS_CHUNK;
	double sum = 0;

	UNROLL
	for (int k = 0; k < OPS_CHUNK / (4 * THREADS); k++) {
		size_t i = at + (k * THREADS + threadIdx.x) * 4;
		struct four y = get_four(x + i, i < n ? n - i : 0, aligned);

		UNROLL
		for (int j = 0; j < 4; j++)
			sum += (double)y.v[j] * (double)y.v[j];
	}
	sum = block_sum(sum);
	if (threadIdx.x == 0)
		part[blockIdx.x] = sum;
}

static __global__ void
sum_parts(double *out, const double *part, size_t n)
{
	double sum = 0;

	for (size_t i = threadIdx.x; i < n; i += THREADS)
		sum += part[i];
	sum = block_sum(sum);
	if (threadIdx.x == 0)
		*out = sum;
}

void
cuda_sumsq(double *out, const void *x, size_t n)
{
	size_t chunks = (n + OPS_CHUNK - 1) / OPS_CHUNK;
	double *part = (double *)device_scratch(chunks * sizeof(*part));

	if (!part)
		return;
	LAUNCH(chunk_squares, (unsigned)chunks, THREADS, 0, part,
	    (const float *)x, n, fours((const float *)x, 0));
	LAUNCH(sum_parts, 1, THREADS, 0, out, part, chunks);
}

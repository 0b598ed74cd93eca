/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/launch.h"
#include "train/ops.h"

/* A block a chunk. */
static __global__ void
chunk_squares(double *part, const float *x, size_t n)
{
	size_t at = (size_t)blockIdx.x * OPS_CHUNK, end = at + OPS_CHUNK;
	double sum = 0;

	for (size_t i = at + threadIdx.x; i < end && i < n; i += THREADS)
		sum += (double)x[i] * (double)x[i];
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
	    (const float *)x, n);
	LAUNCH(sum_parts, 1, THREADS, 0, out, part, chunks);
}

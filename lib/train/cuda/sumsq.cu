/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

/* One block walks the chunks in order: the sum never depends on the card. */
static __global__ void
sum_squares(double *out, const float *x, size_t n)
{
	double sum = 0, total;

	for (size_t i = threadIdx.x; i < n; i += THREADS)
		sum += (double)x[i] * (double)x[i];
	total = block_sum(sum);
	if (threadIdx.x == 0)
		*out = total;
}

void
cuda_sumsq(double *out, const void *x, size_t n)
{
	sum_squares<<<1, THREADS>>>(out, (const float *)x, n);
}

/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
add(float *out, const float *a, const float *b, size_t n)
{
	size_t i = element();

	if (i < n)
		out[i] = a[i] + b[i];
}

void
cuda_zero(void *x, size_t n)
{
	cudaMemsetAsync(x, 0, n * sizeof(float));
}

void
cuda_copy(void *out, const void *in, size_t n)
{
	cudaMemcpyAsync(out, in, n * sizeof(float), cudaMemcpyDeviceToDevice);
}

void
cuda_add(void *out, const void *a, const void *b, size_t n)
{
	add<<<blocks(n), THREADS>>>(
	    (float *)out, (const float *)a, (const float *)b, n);
}

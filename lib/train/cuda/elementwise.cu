/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
add(float *out, const float *a, const float *b, size_t n)
{
	size_t i = element();

	if (i < n)
		out[i] = a[i] + b[i];
}

static __global__ void
blend(float *out, const float *x, const float *y, size_t n, float a, float b)
{
	size_t i = element();

	if (i < n)
		out[i] = a * x[i] + b * y[i];
}

void
cuda_zero(void *x, size_t n)
{
	cudaMemsetAsync(x, 0, n * sizeof(float), device_stream);
}

void
cuda_copy(void *out, const void *in, size_t n)
{
	cudaMemcpyAsync(out, in, n * sizeof(float), cudaMemcpyDeviceToDevice,
	    device_stream);
}

void
cuda_add(void *out, const void *a, const void *b, size_t n)
{
	LAUNCH(add, blocks(n), THREADS, 0, (float *)out, (const float *)a,
	    (const float *)b, n);
}

void
cuda_blend(
    void *out, const void *x, const void *y, size_t n, double a, double b)
{
	LAUNCH(blend, blocks(n), THREADS, 0, (float *)out, (const float *)x,
	    (const float *)y, n, (float)a, (float)b);
}

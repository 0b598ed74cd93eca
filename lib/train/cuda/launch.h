/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_LAUNCH_H
#define TRAIN_CUDA_LAUNCH_H

#include <stddef.h>

/* Blocks of so many threads, a thread an element. */
enum { THREADS = 256 };

static inline unsigned
blocks(size_t n)
{
	return (unsigned)((n + THREADS - 1) / THREADS);
}

/* This thread's element. */
static __device__ inline size_t
element(void)
{
	return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* Sum over a block of THREADS, the same tree each time; all get it. */
template <typename number>
static __device__ inline number
block_sum(number x)
{
	__shared__ number part[THREADS];
	number sum;

	part[threadIdx.x] = x;
	__syncthreads();
	for (int w = THREADS / 2; w; w /= 2) {
		if (threadIdx.x < w)
			part[threadIdx.x] += part[threadIdx.x + w];
		__syncthreads();
	}
	sum = part[0];
	__syncthreads();
	return sum;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_LAUNCH_H
#define TRAIN_CUDA_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "train/cuda/grid.h"

/* Blocks of so many threads: a thread an element, or a block a row. */
enum { THREADS = 256, WARP = 32, WARPS = THREADS / WARP };

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

/* More than the 48 KiB of shared memory that a kernel gets unasked. */
template <typename kernel>
static inline void
allow_shared(kernel k, size_t bytes)
{
	cudaFuncSetAttribute(
	    k, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
}

/* Sum over lanes that differ in the bits below width; all get it. */
template <typename number>
static __device__ inline number
warp_sum(number x, int width = WARP)
{
	for (int w = width / 2; w; w /= 2)
		x += __shfl_xor_sync(0xffffffffu, x, w);
	return x;
}

static __device__ inline float
warp_max(float x, int width = WARP)
{
	for (int w = width / 2; w; w /= 2)
		x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, w));
	return x;
}

/* Sum over a block of THREADS, the same tree each time; all get it. */
template <typename number>
static __device__ inline number
block_sum(number x)
{
	__shared__ number part[WARPS];

	x = warp_sum(x);
	__syncthreads(); /* part may still be read from the sum before */
	if (threadIdx.x % WARP == 0)
		part[threadIdx.x / WARP] = x;
	__syncthreads();
	return warp_sum(part[threadIdx.x % WARPS], WARPS);
}

static __device__ inline float
block_max(float x)
{
	__shared__ float part[WARPS];

	x = warp_max(x);
	__syncthreads();
	if (threadIdx.x % WARP == 0)
		part[threadIdx.x / WARP] = x;
	__syncthreads();
	return warp_max(part[threadIdx.x % WARPS], WARPS);
}

#endif

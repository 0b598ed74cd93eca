/* SPDX-License-Identifier: MIT */
/*
 * How kernels start and what only a card's compiler understands.  The tests
 * have a file of the same name that runs kernels on the processor.
 */
#ifndef TRAIN_CUDA_GRID_H
#define TRAIN_CUDA_GRID_H

#include <cuda_runtime.h>

#include "train/cuda/device.h"

#define LAUNCH(kernel, grid, block, shared, ...) \
	do { \
		if (!device_rehearsing()) \
			kernel<<<grid, block, shared, device_stream>>>( \
			    __VA_ARGS__); \
	} while (0)
/* All work is done in its order; recorded, too. */
extern cudaStream_t device_stream;
/* Before a loop: its rounds one after the other, with constant counters. */
#define UNROLL _Pragma("unroll")
/* The block's shared memory, as many bytes as the launch said. */
#define SHARED(type, name) \
	extern __shared__ __align__(128) unsigned char shared_memory[]; \
	type *name = (type *)shared_memory

#endif

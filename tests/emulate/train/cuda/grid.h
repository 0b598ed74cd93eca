/* SPDX-License-Identifier: MIT */
/* Takes the place of lib/train/cuda/grid.h where kernels are emulated. */
#ifndef EMULATE_GRID_H
#define EMULATE_GRID_H

#include <cuda_runtime.h>

#include <functional>

#include "train/cuda/device.h"

/* All work is done in its order; recorded, too. */
extern cudaStream_t device_stream;

/* Run thread() once for each thread of the grid, block after block. */
void emulate_blocks(
    dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread);
/* Do it in its turn in a stream: now, or later if that is recorded; false: the
 * card answers nothing any more (runtime.cpp). */
bool emulate_work(cudaStream_t s, const std::function<void()> &work);
/* A launch as that. */
void emulate_launch(
    dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread);
/* The block's shared memory of run-time size, NaN before it is written. */
void *emulate_shared(void);

/* call with the values that the arguments have at the launch. */
template <typename Call, typename... Args>
static inline std::function<void()>
emulate_call(Call call, Args... args)
{
	return [=] { call(args...); };
}

#define LAUNCH(kernel, grid, block, shared, ...) \
	do { \
		if (!device_rehearsing()) \
			emulate_launch(grid, block, shared, \
			    emulate_call( \
				[](auto... value) { kernel(value...); }, \
				__VA_ARGS__)); \
	} while (0)
#define UNROLL
#define SHARED(type, name) type *name = (type *)emulate_shared()

#endif

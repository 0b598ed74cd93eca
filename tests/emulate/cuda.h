/* SPDX-License-Identifier: MIT */
/* The part of the driver's interface that lib/train/cuda uses: maps of arrays
 * for the copy engine (hopper.cpp). */
#ifndef EMULATE_CUDA_H
#define EMULATE_CUDA_H

#include <stdint.h>

typedef uint32_t cuuint32_t;
typedef uint64_t cuuint64_t;
typedef enum { CUDA_SUCCESS, CUDA_ERROR_INVALID_VALUE } CUresult;
typedef enum { CU_TENSOR_MAP_DATA_TYPE_UINT16 = 1 } CUtensorMapDataType;
typedef enum { CU_TENSOR_MAP_INTERLEAVE_NONE } CUtensorMapInterleave;
typedef enum {
	CU_TENSOR_MAP_SWIZZLE_NONE,
	CU_TENSOR_MAP_SWIZZLE_128B = 3
} CUtensorMapSwizzle;
typedef enum {
	CU_TENSOR_MAP_L2_PROMOTION_NONE,
	CU_TENSOR_MAP_L2_PROMOTION_L2_256B = 3
} CUtensorMapL2promotion;
typedef enum { CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE } CUtensorMapFloatOOBfill;

/* Of three dimensions and numbers of 16 bits, as the kernels have them. */
struct alignas(64) CUtensorMap {
	const unsigned char *from;
	uint64_t sizes[3], apart[3]; /* apart: bytes */
	uint32_t box[3];
};

#endif

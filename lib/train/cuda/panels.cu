/* SPDX-License-Identifier: MIT */
/*
 * Maps for the copy engine; the driver makes them, and is asked for its
 * function at run time, so that nothing links it.
 */
#include "train/cuda/attention_wgmma.h"

typedef CUresult encode_tiled(CUtensorMap *, CUtensorMapDataType, cuuint32_t,
    void *, const cuuint64_t *, const cuuint64_t *, const cuuint32_t *,
    const cuuint32_t *, CUtensorMapInterleave, CUtensorMapSwizzle,
    CUtensorMapL2promotion, CUtensorMapFloatOOBfill);

/* NULL: the driver has none. */
static encode_tiled *
encoder(void)
{
	static bool asked;
	static void *f;
	enum cudaDriverEntryPointQueryResult found;

	if (!asked &&
	    (cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &f,
		 12000, cudaEnableDefault, &found) != cudaSuccess ||
		found != cudaDriverEntryPointSuccess))
		f = nullptr;
	asked = true;
	return (encode_tiled *)f;
}

bool
map_panels(CUtensorMap *map, const void *x, int channels, int T, int B,
    int stride, int rows)
{
	const size_t number = sizeof(uint16_t);
	cuuint64_t sizes[3] = { (cuuint64_t)channels, (cuuint64_t)T,
		(cuuint64_t)B };
	cuuint64_t apart[2] = { (cuuint64_t)stride * number,
		(cuuint64_t)T * (cuuint64_t)stride * number };
	cuuint32_t box[3] = { PANEL, (cuuint32_t)rows, 1 };
	cuuint32_t each[3] = { 1, 1, 1 };

	/* 16-bit numbers are only moved: no format of theirs matters. */
	return encoder() &&
	       encoder()(map, CU_TENSOR_MAP_DATA_TYPE_UINT16, 3, (void *)x,
		   sizes, apart, box, each, CU_TENSOR_MAP_INTERLEAVE_NONE,
		   CU_TENSOR_MAP_SWIZZLE_128B,
		   CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
		   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

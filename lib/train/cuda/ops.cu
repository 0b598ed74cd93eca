/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/cuda/attention_typed.h"
#include "train/cuda/matmul.h"
#include "train/cuda/table.h"
#include "train/ops.h"

static const struct ops cuda = {
	OPS_VERSION,
	"cuda",
	sizeof(float),
	device_alloc,
	device_free,
	device_put,
	device_get,
	device_sync,
#define OP(name, args) cuda_##name,
#include "train/ops.def"
#undef OP
};

/* The plugin's only exported name; lib/train/plugin.c looks it up. */
extern "C" __attribute__((visibility("default"))) const struct ops *
quern_ops_cuda(enum ops_type type, struct err *e)
{
	static struct ops typed;
	int n = 0;
	cudaError_t rc = cudaGetDeviceCount(&n);

	if (rc != cudaSuccess || n == 0) {
		err_set(e, ERR_IO, "cuda: %s",
		    rc != cudaSuccess ? cudaGetErrorString(rc) : "no device");
		return nullptr;
	}
	typed = cuda;
	if (type == OPS_BF16) {
		typed.matmul = bf16_matmul;
		typed.attention_fwd = bf16_attention_fwd;
		typed.attention_bwd = bf16_attention_bwd;
	}
	if (type == OPS_F16) {
		typed.matmul = f16_matmul;
		typed.attention_fwd = f16_attention_fwd;
		typed.attention_bwd = f16_attention_bwd;
	}
	return &typed;
}

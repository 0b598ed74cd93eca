/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/cuda/number.h"
#include "train/cuda/table.h"
#include "train/ops.h"

static const struct ops cuda = {
	OPS_VERSION,
	"cuda",
	sizeof(float),
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

/* All that touches activations, which are kept in that type. */
#define KEEP_AS(type) \
	do { \
		typed.act = sizeof(type); \
		typed.matmul = type##_matmul; \
		typed.add = type##_add; \
		typed.scaled_add = type##_scaled_add; \
		typed.embed_fwd = type##_embed_fwd; \
		typed.embed_bwd = type##_embed_bwd; \
		typed.rmsnorm_fwd = type##_rmsnorm_fwd; \
		typed.rmsnorm_bwd = type##_rmsnorm_bwd; \
		typed.layernorm_fwd = type##_layernorm_fwd; \
		typed.layernorm_bwd = type##_layernorm_bwd; \
		typed.qknorm_fwd = type##_qknorm_fwd; \
		typed.qknorm_bwd = type##_qknorm_bwd; \
		typed.bias_fwd = type##_bias_fwd; \
		typed.bias_bwd = type##_bias_bwd; \
		typed.position_fwd = type##_position_fwd; \
		typed.position_bwd = type##_position_bwd; \
		typed.rope = type##_rope; \
		typed.dropout = type##_dropout; \
		typed.attention_fwd = type##_attention_fwd; \
		typed.attention_bwd = type##_attention_bwd; \
		typed.attention_step = type##_attention_step; \
		typed.act_fwd = type##_act_fwd; \
		typed.act_bwd = type##_act_bwd; \
		typed.glu_fwd = type##_glu_fwd; \
		typed.glu_bwd = type##_glu_bwd; \
	} while (0)

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
	if (type == OPS_BF16)
		KEEP_AS(bf16);
	if (type == OPS_F16)
		KEEP_AS(f16);
	return &typed;
}

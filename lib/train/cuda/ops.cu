/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/cuda/attention_choice.h"
#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/cuda/table.h"
#include "train/ops.h"

/* Oldest card that there is code for: NVARCH in the Makefile. */
enum { OLDEST = 8 };

/*
 * Logits at a time: as many as keep the card busy.  Rows of whole 64 elements
 * are what its matrix units take without a rest.
 */
enum { CHUNK = 8192, CHUNK_BYTES = 2000 << 20, WIDE = 64 };

static const struct ops cuda = {
	OPS_VERSION,
	"cuda",
	sizeof(float),
	sizeof(float),
	CHUNK,
	CHUNK_BYTES,
	WIDE,
	device_alloc,
	device_free,
	device_put,
	device_get,
	device_sync,
	device_pin,
	device_unpin,
	device_carry,
	device_follow,
	device_wait,
	device_queue,
	device_idle,
	device_memory,
	device_rehearse,
	device_rehearsed,
	device_record,
	device_recorded,
	device_play,
	device_erase,
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
		typed.narrow = type##_narrow; \
		typed.cross_entropy = type##_cross_entropy; \
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

static bool
refuse(struct err *e, cudaError_t rc)
{
	err_set(e, ERR_IO, "cuda: %s", cudaGetErrorString(rc));
	return false;
}

/* Is there a card that has the kernels' code, and does it compute? */
static bool
card_answers(enum ops_type type, uint32_t card, struct err *e)
{
	const char *wrong;
	struct cudaDeviceProp p;
	int n = 0;
	cudaError_t rc = cudaGetDeviceCount(&n);

	if (rc == cudaSuccess && n == 0)
		rc = cudaErrorNoDevice;
	if (rc == cudaSuccess && card >= (uint32_t)n) {
		err_set(e, ERR_IO,
		    "cuda: card %u is asked for, there are %d: each rank of a "
		    "machine takes one",
		    card, n);
		return false;
	}
	if (rc == cudaSuccess)
		rc = cudaSetDevice((int)card);
	if (rc == cudaSuccess)
		rc = cudaGetDeviceProperties(&p, (int)card);
	if (rc != cudaSuccess)
		return refuse(e, rc);
	if (p.major < OLDEST) {
		err_set(e, ERR_IO,
		    "cuda: %s has compute capability %d.%d, there is code for "
		    "%d.0 and later",
		    p.name, p.major, p.minor, OLDEST);
		return false;
	}
	rc = device_start();
	if (rc != cudaSuccess)
		return refuse(e, rc);
	wrong = attention_choose(p.major, type);
	if (wrong) {
		err_set(e, ERR_ARG, "%s", wrong);
		return false;
	}
	if (device_sync(e) == 0)
		return true;
	err_prefix(e,
	    "attention for Hopper failed (QUERN_CUDA_ATTENTION=mma leaves it "
	    "out)");
	return false;
}

#define EXPORTED extern "C" __attribute__((visibility("default")))

/* What lib/train/plugin.c looks up: it calls only what is of its version. */
EXPORTED const int quern_ops_version = OPS_VERSION;

/* What plugin.c tells of it: what the user should know, or NULL. */
EXPORTED const char *
quern_ops_cuda_note(void)
{
	return attention_note();
}

EXPORTED const struct ops *
quern_ops_cuda(enum ops_type type, uint32_t card, struct err *e)
{
	static struct ops typed;

	if (!card_answers(type, card, e))
		return nullptr;
	typed = cuda;
	if (type == OPS_BF16)
		KEEP_AS(bf16);
	if (type == OPS_F16)
		KEEP_AS(f16);
	return &typed;
}

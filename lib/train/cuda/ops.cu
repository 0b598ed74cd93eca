/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/cuda/attention_typed.h"
#include "train/cuda/matmul.h"
#include "train/cuda/table.h"
#include "train/ops.h"

/* Oldest card that there is code for: NVARCH in the Makefile. */
enum { OLDEST = 8 };

/* Beside the library's own: numbers by place, sums of bands. */
static uint64_t
f32_scratch(uint64_t factors)
{
	return WORKSPACE + factors;
}

/* Rounded factors, of two bytes each. */
static uint64_t
rounded_scratch(uint64_t factors)
{
	return WORKSPACE + 2 * factors;
}

static const struct ops cuda = {
	OPS_VERSION,
	"cuda",
	sizeof(float),
	device_alloc,
	device_free,
	device_put,
	device_get,
	device_sync,
	device_memory,
	f32_scratch,
	device_record,
	device_recorded,
	device_play,
	device_erase,
#define OP(name, args) cuda_##name,
#include "train/ops.def"
#undef OP
};

static bool
refuse(struct err *e, cudaError_t rc)
{
	err_set(e, ERR_IO, "cuda: %s", cudaGetErrorString(rc));
	return false;
}

/* Is there a card that has the kernels' code, and does it compute? */
static bool
card_answers(struct err *e)
{
	struct cudaDeviceProp p;
	int n = 0;
	cudaError_t rc = cudaGetDeviceCount(&n);

	if (rc == cudaSuccess && n == 0)
		rc = cudaErrorNoDevice;
	if (rc == cudaSuccess)
		rc = cudaGetDeviceProperties(&p, 0);
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
	return rc == cudaSuccess || refuse(e, rc);
}

#define EXPORTED extern "C" __attribute__((visibility("default")))

/* What lib/train/plugin.c looks up: it calls only what is of its version. */
EXPORTED const int quern_ops_version = OPS_VERSION;

EXPORTED const struct ops *
quern_ops_cuda(enum ops_type type, struct err *e)
{
	static struct ops typed;

	if (!card_answers(e))
		return nullptr;
	typed = cuda;
	if (type != OPS_F32)
		typed.scratch = rounded_scratch;
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

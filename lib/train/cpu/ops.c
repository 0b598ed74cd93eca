/* SPDX-License-Identifier: MIT */
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "train/cpu/gemm.h"
#include "train/cpu/matmul16.h"
#include "train/cpu/scratch.h"
#include "train/host.h"
#include "train/ops.h"

enum { ALIGN = 64 };

static void *
alloc_aligned(size_t n)
{
	return aligned_alloc(ALIGN, (n + ALIGN - 1) / ALIGN * ALIGN);
}

static int
surface(struct err *e)
{
	return scratch_failed() ? err_nomem(e, "matrix products") : 0;
}

/* All there is, as much of it as others may use now. */
static uint64_t
all_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static uint64_t
no_scratch(void)
{
	return 0;
}

static uint64_t
bf16_scratch(void)
{
	return matmul16_scratch(gemm_has_bf16());
}

static uint64_t
f16_scratch(void)
{
	return matmul16_scratch(false);
}

static const struct ops cpu = {
	OPS_VERSION,
	"cpu",
	sizeof(float),
	sizeof(float),
	256,
	0,
	1,
	alloc_aligned,
	free,
	host_copy,
	host_copy,
	surface,
	alloc_aligned,
	free,
	host_carry,
	host_follow,
	host_wait,
	host_stream,
	host_idle,
	all_memory,
	NULL,
	no_scratch,
	NULL,
	NULL,
	NULL,
	NULL,
#define OP(name, args) cpu_##name,
#include "train/ops.def"
#undef OP
};

static struct ops typed[OPS_TYPES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
derive(void)
{
	typed[OPS_F32] = typed[OPS_BF16] = typed[OPS_F16] = cpu;
	typed[OPS_BF16].matmul = bf16_matmul;
	typed[OPS_F16].matmul = f16_matmul;
	typed[OPS_BF16].scratch = bf16_scratch;
	typed[OPS_F16].scratch = f16_scratch;
}

const struct ops *
ops_cpu_typed(int threads, enum ops_type type)
{
	pthread_once(&once, derive);
	if (threads > 0)
		omp_set_num_threads(threads);
	return &typed[type];
}

const struct ops *
ops_cpu(int threads)
{
	return ops_cpu_typed(threads, OPS_F32);
}

bool
ops_cpu_has(enum ops_type type)
{
	return type == OPS_F32 || (type == OPS_BF16 && gemm_has_bf16());
}

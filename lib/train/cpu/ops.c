/* SPDX-License-Identifier: MIT */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "train/ops.h"

enum { ALIGN = 64 };

static void *
alloc_aligned(size_t n)
{
	return aligned_alloc(ALIGN, (n + ALIGN - 1) / ALIGN * ALIGN);
}

static void
copy_bytes(void *d, const void *s, size_t n)
{
	memcpy(d, s, n);
}

static int
no_wait(struct err *e)
{
	(void)e;
	return 0;
}

static const struct ops cpu = {
	OPS_VERSION,
	"cpu",
	sizeof(float),
	alloc_aligned,
	free,
	copy_bytes,
	copy_bytes,
	no_wait,
#define OP(name, args) cpu_##name,
#include "train/ops.def"
#undef OP
};

const struct ops *
ops_cpu(int threads)
{
	if (threads > 0)
		omp_set_num_threads(threads);
	return &cpu;
}

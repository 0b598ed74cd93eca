/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/cuda/philox.h"
#include "train/ops.h"

static __global__ void
drop(float *x, size_t n, size_t C, const struct dropout o)
{
	size_t i = element();

	if (i < n)
		x[i] *= dropout_factor(o, o.at + i / C, i % C, C);
}

void
cuda_dropout(void *x, int N, int C, const struct dropout *o)
{
	size_t n = (size_t)N * (size_t)C;

	if (o->rate > 0)
		LAUNCH(
		    drop, blocks(n), THREADS, 0, (float *)x, n, (size_t)C, *o);
}

/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/cuda/philox.h"
#include "train/ops.h"

template <typename number>
static __global__ void
drop(number *x, size_t n, size_t C, const struct dropout o)
{
	size_t i = element();

	if (i < n)
		put(x + i, get(x[i]) *
			       dropout_factor(o, o.at + i / C, i % C, C));
}

template <typename number>
static void
drop_all(void *x, int N, int C, const struct dropout *o)
{
	size_t n = (size_t)N * (size_t)C;

	if (o->rate > 0)
		LAUNCH(drop<number>, blocks(n), THREADS, 0, (number *)x, n,
		    (size_t)C, *o);
}

void
cuda_dropout(void *x, int N, int C, const struct dropout *o)
{
	drop_all<float>(x, N, C, o);
}

void
bf16_dropout(void *x, int N, int C, const struct dropout *o)
{
	drop_all<bf16>(x, N, C, o);
}

void
f16_dropout(void *x, int N, int C, const struct dropout *o)
{
	drop_all<f16>(x, N, C, o);
}

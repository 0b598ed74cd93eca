/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
embed(float *out, const float *table, const int32_t *ids, size_t n, size_t C)
{
	size_t i = element();

	if (i < n)
		out[i] = table[(size_t)ids[i / C] * C + i % C];
}

/* A thread owns a channel: no atomics, the order of the CPU twin. */
static __global__ void
embed_grad(
    float *dtable, const float *dout, const int32_t *ids, int N, size_t C)
{
	size_t c = element();

	if (c >= C)
		return;
	for (int i = 0; i < N; i++)
		dtable[(size_t)ids[i] * C + c] += dout[(size_t)i * C + c];
}

void
cuda_embed_fwd(void *out, const void *table, const int32_t *ids, int N, int C)
{
	size_t n = (size_t)N * (size_t)C;

	embed<<<blocks(n), THREADS>>>(
	    (float *)out, (const float *)table, ids, n, (size_t)C);
}

void
cuda_embed_bwd(void *dtable, const void *dout, const int32_t *ids, int N, int C)
{
	embed_grad<<<blocks((size_t)C), THREADS>>>(
	    (float *)dtable, (const float *)dout, ids, N, (size_t)C);
}

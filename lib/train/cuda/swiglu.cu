/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
swiglu(float *out, const float *in, size_t n, size_t F)
{
	size_t i = element();
	const float *gate = in + i / F * 2 * F + i % F;

	if (i < n)
		out[i] = *gate / (1 + expf(-*gate)) * gate[F];
}

static __global__ void
swiglu_grad(float *din, const float *dout, const float *in, size_t n, size_t F)
{
	size_t i = element(), at = i / F * 2 * F + i % F;
	float s, silu;

	if (i >= n)
		return;
	s = 1 / (1 + expf(-in[at]));
	silu = in[at] * s;
	din[at] = dout[i] * in[at + F] * (s + silu * (1 - s));
	din[at + F] = dout[i] * silu;
}

void
cuda_swiglu_fwd(void *out, const void *in, int N, int F)
{
	size_t n = (size_t)N * F;

	swiglu<<<blocks(n), THREADS>>>(
	    (float *)out, (const float *)in, n, (size_t)F);
}

void
cuda_swiglu_bwd(void *din, const void *dout, const void *in, int N, int F)
{
	size_t n = (size_t)N * F;

	swiglu_grad<<<blocks(n), THREADS>>>(
	    (float *)din, (const float *)dout, (const float *)in, n, (size_t)F);
}

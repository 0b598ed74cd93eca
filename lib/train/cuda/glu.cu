/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

static __device__ float
act(float x, int kind)
{
	float u = .7978845608f * (x + .044715f * x * x * x);

	switch (kind) {
	case ACT_SILU:
		return x / (1 + expf(-x));
	case ACT_GELU:
		return x * normcdff(x);
	case ACT_GELU_TANH:
		return x / (1 + expf(-2 * u));
	case ACT_RELU:
		return fmaxf(x, 0);
	default:
		return fmaxf(x, 0) * fmaxf(x, 0);
	}
}

static __device__ float
act_slope(float x, int kind)
{
	float u = .7978845608f * (x + .044715f * x * x * x), s;

	switch (kind) {
	case ACT_SILU:
		s = 1 / (1 + expf(-x));
		return s + x * s * (1 - s);
	case ACT_GELU:
		return normcdff(x) + x * .3989422804f * expf(-.5f * x * x);
	case ACT_GELU_TANH:
		s = 1 / (1 + expf(-2 * u));
		return s + x * s * (1 - s) * 1.5957691216f *
			       (1 + 3 * .044715f * x * x);
	case ACT_RELU:
		return x > 0;
	default:
		return 2 * fmaxf(x, 0);
	}
}

static __global__ void
glu(float *out, const float *in, size_t n, size_t F, int kind)
{
	size_t i = element();
	const float *gate = in + i / F * 2 * F + i % F;

	if (i < n)
		out[i] = act(*gate, kind) * gate[F];
}

static __global__ void
glu_grad(float *din, const float *dout, const float *in, size_t n, size_t F,
    int kind)
{
	size_t i = element(), at = i / F * 2 * F + i % F;

	if (i >= n)
		return;
	din[at] = dout[i] * in[at + F] * act_slope(in[at], kind);
	din[at + F] = dout[i] * act(in[at], kind);
}

static __global__ void
act_all(float *out, const float *in, size_t n, int kind)
{
	size_t i = element();

	if (i < n)
		out[i] = act(in[i], kind);
}

static __global__ void
act_grad(float *din, const float *dout, const float *in, size_t n, int kind)
{
	size_t i = element();

	if (i < n)
		din[i] = dout[i] * act_slope(in[i], kind);
}

void
cuda_glu_fwd(void *out, const void *in, int N, int F, int kind)
{
	size_t n = (size_t)N * F;

	LAUNCH(glu, blocks(n), THREADS, 0, (float *)out, (const float *)in, n,
	    (size_t)F, kind);
}

void
cuda_glu_bwd(
    void *din, const void *dout, const void *in, int N, int F, int kind)
{
	size_t n = (size_t)N * F;

	LAUNCH(glu_grad, blocks(n), THREADS, 0, (float *)din,
	    (const float *)dout, (const float *)in, n, (size_t)F, kind);
}

void
cuda_act_fwd(void *out, const void *in, size_t n, int kind)
{
	LAUNCH(act_all, blocks(n), THREADS, 0, (float *)out, (const float *)in,
	    n, kind);
}

void
cuda_act_bwd(void *din, const void *dout, const void *in, size_t n, int kind)
{
	LAUNCH(act_grad, blocks(n), THREADS, 0, (float *)din,
	    (const float *)dout, (const float *)in, n, kind);
}

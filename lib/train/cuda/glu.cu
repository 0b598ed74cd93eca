/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
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

/* A thread four elements of a row's F; rows: N. */
template <typename number>
static __global__ void
gate(number *out, const number *in, size_t n, size_t F, int kind, bool aligned)
{
	size_t i = element() * 4, per = (F + 3) / 4 * 4, c = i % per, left = F - c;
	const number *x = in + i / per * 2 * F + c;
	struct four g, u;

	if (i >= n)
		return;
	g = get_four(x, left, aligned);
	u = get_four(x + F, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++)
		u.v[k] *= act(g.v[k], kind);
	put_four(out + i / per * F + c, u, left, aligned);
}

template <typename number>
static __global__ void
gate_grad(number *din, const number *dout, const number *in, size_t n,
    size_t F, int kind, bool aligned)
{
	size_t i = element() * 4, per = (F + 3) / 4 * 4, c = i % per, left = F - c;
	size_t at = i / per * 2 * F + c;
	struct four g, u, d;

	if (i >= n)
		return;
	g = get_four(in + at, left, aligned);
	u = get_four(in + at + F, left, aligned);
	d = get_four(dout + i / per * F + c, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++) {
		u.v[k] *= d.v[k] * act_slope(g.v[k], kind);
		d.v[k] *= act(g.v[k], kind);
	}
	put_four(din + at, u, left, aligned);
	put_four(din + at + F, d, left, aligned);
}

template <typename number>
static __global__ void
act_all(number *out, const number *in, size_t n, int kind, bool aligned)
{
	size_t i = element() * 4;
	struct four x;

	if (i >= n)
		return;
	x = get_four(in + i, n - i, aligned);
	UNROLL
	for (int k = 0; k < 4; k++)
		x.v[k] = act(x.v[k], kind);
	put_four(out + i, x, n - i, aligned);
}

template <typename number>
static __global__ void
act_grad(number *din, const number *dout, const number *in, size_t n, int kind,
    bool aligned)
{
	size_t i = element() * 4;
	struct four x, d;

	if (i >= n)
		return;
	x = get_four(in + i, n - i, aligned);
	d = get_four(dout + i, n - i, aligned);
	UNROLL
	for (int k = 0; k < 4; k++)
		d.v[k] *= act_slope(x.v[k], kind);
	put_four(din + i, d, n - i, aligned);
}

template <typename number>
static void
glu_fwd(void *out, const void *in, int N, int F, int kind)
{
	size_t n = (size_t)N * (((size_t)F + 3) / 4 * 4);
	bool aligned = fours((number *)out, F) && fours((number *)in, F);

	LAUNCH(gate<number>, blocks_of_fours(n), THREADS, 0, (number *)out,
	    (const number *)in, n, (size_t)F, kind, aligned);
}

template <typename number>
static void
glu_bwd(void *din, const void *dout, const void *in, int N, int F, int kind)
{
	size_t n = (size_t)N * (((size_t)F + 3) / 4 * 4);
	bool aligned = fours((number *)din, F) && fours((number *)dout, F) &&
		       fours((number *)in, F);

	LAUNCH(gate_grad<number>, blocks_of_fours(n), THREADS, 0,
	    (number *)din, (const number *)dout, (const number *)in, n,
	    (size_t)F, kind, aligned);
}

template <typename number>
static void
act_fwd(void *out, const void *in, size_t n, int kind)
{
	bool aligned = fours((number *)out, 0) && fours((number *)in, 0);

	LAUNCH(act_all<number>, blocks_of_fours(n), THREADS, 0, (number *)out,
	    (const number *)in, n, kind, aligned);
}

template <typename number>
static void
act_bwd(void *din, const void *dout, const void *in, size_t n, int kind)
{
	bool aligned = fours((number *)din, 0) && fours((number *)dout, 0) &&
		       fours((number *)in, 0);

	LAUNCH(act_grad<number>, blocks_of_fours(n), THREADS, 0, (number *)din,
	    (const number *)dout, (const number *)in, n, kind, aligned);
}

TYPED(glu_fwd, (void *out, const void *in, int N, int F, int kind),
    (out, in, N, F, kind))
TYPED(glu_bwd,
    (void *din, const void *dout, const void *in, int N, int F, int kind),
    (din, dout, in, N, F, kind))
TYPED(act_fwd, (void *out, const void *in, size_t n, int kind),
    (out, in, n, kind))
TYPED(act_bwd,
    (void *din, const void *dout, const void *in, size_t n, int kind),
    (din, dout, in, n, kind))

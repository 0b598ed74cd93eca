/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/ref.h"

#define PI 3.14159265358979323846

/* An activation and its derivative. */
static double
act(double x, int kind)
{
	switch (kind) {
	case ACT_SILU:
		return x / (1 + exp(-x));
	case ACT_GELU:
		return x / 2 * (1 + erf(x / sqrt(2)));
	case ACT_GELU_TANH:
		return x / 2 *
		       (1 + tanh(sqrt(2 / PI) * (x + .044715 * x * x * x)));
	case ACT_RELU:
		return fmax(x, 0);
	default:
		return fmax(x, 0) * fmax(x, 0);
	}
}

static double
act_slope(double x, int kind)
{
	double s = 1 / (1 + exp(-x));
	double t = tanh(sqrt(2 / PI) * (x + .044715 * x * x * x));

	switch (kind) {
	case ACT_SILU:
		return s * (1 + x * (1 - s));
	case ACT_GELU:
		return (1 + erf(x / sqrt(2))) / 2 +
		       x * exp(-x * x / 2) / sqrt(2 * PI);
	case ACT_GELU_TANH:
		return (1 + t) / 2 + x / 2 * (1 - t * t) * sqrt(2 / PI) *
					 (1 + 3 * .044715 * x * x);
	case ACT_RELU:
		return x > 0;
	default:
		return 2 * fmax(x, 0);
	}
}

void
ref_act_fwd(void *out, const void *in, size_t n, int kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		((double *)out)[i] = act(((const double *)in)[i], kind);
}

void
ref_act_bwd(void *din, const void *dout, const void *in, size_t n, int kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		((double *)din)[i] = ((const double *)dout)[i] *
				     act_slope(((const double *)in)[i], kind);
}

void
ref_glu_fwd(void *out, const void *in, int N, int F, int kind)
{
	const double *x = in;
	int i, f;

	for (i = 0; i < N; i++)
		for (f = 0; f < F; f++)
			((double *)out)[i * F + f] =
			    act(x[i * 2 * F + f], kind) * x[i * 2 * F + F + f];
}

void
ref_glu_bwd(void *din, const void *dout, const void *in, int N, int F, int kind)
{
	const double *x = in, *g = dout;
	double *dx = din, gate, up;
	int i, f;

	for (i = 0; i < N; i++)
		for (f = 0; f < F; f++) {
			gate = x[i * 2 * F + f];
			up = x[i * 2 * F + F + f];
			dx[i * 2 * F + f] =
			    g[i * F + f] * up * act_slope(gate, kind);
			dx[i * 2 * F + F + f] = g[i * F + f] * act(gate, kind);
		}
}

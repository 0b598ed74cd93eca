/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "train/host.h"
#include "train/ref.h"

void
ref_zero(void *x, size_t n)
{
	double *p = x;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = 0;
}

void
ref_copy(void *out, const void *in, size_t n)
{
	memcpy(out, in, n * sizeof(double));
}

void
ref_narrow(void *out, const void *in, size_t n)
{
	memcpy(out, in, n * sizeof(double));
}

void
ref_add(void *out, const void *a, const void *b, size_t n)
{
	const double *x = a, *y = b;
	double *o = out;
	size_t i;

	for (i = 0; i < n; i++)
		o[i] = x[i] + y[i];
}

void
ref_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	const double *x = a, *y = b;
	double *o = c, s;
	int i, j, p;

	for (i = 0; i < m; i++)
		for (j = 0; j < n; j++) {
			s = how & MATMUL_ADD ? o[i * n + j] : 0;
			for (p = 0; p < k; p++)
				s += (ta ? x[p * m + i] : x[i * k + p]) *
				     (tb ? y[j * k + p] : y[p * n + j]);
			o[i * n + j] = s;
		}
}

void
ref_blend(void *out, const void *x, const void *y, size_t n, double a, double b)
{
	size_t i;

	for (i = 0; i < n; i++)
		((double *)out)[i] =
		    a * ((const double *)x)[i] + b * ((const double *)y)[i];
}

void
ref_scaled_add(
    void *out, const void *x, const void *y, size_t n, double a, double b)
{
	ref_blend(out, x, y, n, a, b);
}

void
ref_sumsq(double *out, const void *x, size_t n)
{
	const double *p = x;
	size_t i;

	*out = 0;
	for (i = 0; i < n; i++)
		*out += p[i] * p[i];
}

static int
no_wait(struct err *e)
{
	(void)e;
	return 0;
}

static uint64_t
unknown(void)
{
	return 0;
}

static uint64_t
none(void)
{
	return 0;
}

static const struct ops ref = {
	OPS_VERSION,
	"reference",
	sizeof(double),
	sizeof(double),
	256,
	0,
	1,
	malloc,
	free,
	host_copy,
	host_copy,
	no_wait,
	malloc,
	free,
	host_carry,
	host_follow,
	host_wait,
	host_stream,
	host_idle,
	unknown,
	NULL,
	none,
	NULL,
	NULL,
	NULL,
	NULL,
#define OP(name, args) ref_##name,
#include "train/ops.def"
#undef OP
};

const struct ops *
ops_ref(void)
{
	return &ref;
}

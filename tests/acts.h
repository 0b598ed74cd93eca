/* SPDX-License-Identifier: MIT */
/* Activations of a device (struct ops, act) from floats and back. */
#ifndef TESTS_ACTS_H
#define TESTS_ACTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/cpu/round.h"
#include "train/ops.h"

/* to = x, rounded as the device keeps them; to may be x. */
static inline void
acts_round(const struct ops *o, enum ops_type type, float *to, const float *x,
    size_t n)
{
	if (o->act == o->real)
		memmove(to, x, n * sizeof(*x));
	else if (type == OPS_BF16)
		round_as_bf16(to, x, n);
	else
		round_as_f16(to, x, n);
}

/* The bits of a number that binary16 has; and back. */
static inline uint16_t
acts_half(float x)
{
	unsigned sign = signbit(x) ? 0x8000 : 0;
	float a = fabsf(x), f;
	int e;

	if (isnan(x))
		return 0x7e00;
	if (isinf(x))
		return (uint16_t)(sign | 0x7c00);
	f = frexpf(a, &e); /* in [.5, 1) */
	if (e < -13)
		return (uint16_t)(sign | (unsigned)ldexpf(a, 24));
	return (uint16_t)(sign + ((unsigned)(e + 14) << 10) +
			  (unsigned)ldexpf(f, 11) - 1024);
}

static inline float
acts_float(uint16_t u)
{
	int e = u >> 10 & 31, f = u & 1023;
	float x = e == 31 ? f ? NAN : INFINITY
			  : ldexpf((float)(e ? f | 1024 : f), (e ? e : 1) - 25);

	return u & 0x8000 ? -x : x;
}

/* u = the bits of x in 16-bit type, rounded. */
static inline void
acts_bits(enum ops_type type, uint16_t *u, const float *x, size_t n)
{
	float near;
	size_t i;

	if (type == OPS_BF16)
		round_bf16(u, x, n);
	else
		for (i = 0; i < n; i++) {
			round_as_f16(&near, x + i, 1);
			u[i] = acts_half(near);
		}
}

static inline void
acts_put(const struct ops *o, enum ops_type type, void *dev, const float *x,
    size_t n)
{
	uint16_t *u = malloc(n * sizeof(*u));

	acts_bits(type, u, x, n);
	if (o->act == o->real)
		o->put(dev, x, n * sizeof(*x));
	else
		o->put(dev, u, n * sizeof(*u));
	free(u);
}

static inline void
acts_get(const struct ops *o, enum ops_type type, float *x, const void *dev,
    size_t n)
{
	uint16_t *u = malloc(n * sizeof(*u));
	uint32_t wide;
	size_t i;

	if (o->act == o->real) {
		o->get(x, dev, n * sizeof(*x));
		free(u);
		return;
	}
	o->get(u, dev, n * sizeof(*u));
	for (i = 0; i < n; i++) {
		wide = (uint32_t)u[i] << 16;
		if (type == OPS_BF16)
			memcpy(x + i, &wide, sizeof(wide));
		else
			x[i] = acts_float(u[i]);
	}
	free(u);
}

#endif

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/philox.h"

#define TAU 6.283185307179586

struct philox
philox_block(struct philox c, uint32_t key[2])
{
	uint32_t k0 = key[0], k1 = key[1];
	uint64_t a, b;
	int i;

	for (i = 0; i < 10; i++) {
		a = (uint64_t)0xD2511F53 * c.v[0];
		b = (uint64_t)0xCD9E8D57 * c.v[2];
		c = (struct philox){ { (uint32_t)(b >> 32) ^ c.v[1] ^ k0,
		    (uint32_t)b, (uint32_t)(a >> 32) ^ c.v[3] ^ k1,
		    (uint32_t)a } };
		k0 += 0x9E3779B9;
		k1 += 0xBB67AE85;
	}
	return c;
}

struct philox
philox(uint64_t seed, uint64_t stream, uint64_t index)
{
	struct philox c = { { (uint32_t)index, (uint32_t)(index >> 32),
	    (uint32_t)stream, (uint32_t)(stream >> 32) } };

	return philox_block(
	    c, (uint32_t[2]){ (uint32_t)seed, (uint32_t)(seed >> 32) });
}

/* 53 bits of a block, from v[i] and v[i + 1]. */
static double
unit(const struct philox *p, int i)
{
	uint64_t bits = (uint64_t)p->v[i] << 32 | p->v[i + 1];

	return (double)(bits >> 11) * 0x1p-53;
}

double
philox_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
	struct philox p = philox(seed, stream, index);

	return unit(&p, 0);
}

void
philox_normal(float *out, size_t n, double std, uint64_t seed, uint64_t stream,
    uint64_t first)
{
	struct philox p;
	double r, angle;
	size_t i;

	for (i = 0; i < n; i += 2) {
		p = philox(seed, stream, (first + i) / 2);
		r = std * sqrt(-2 * log(1 - unit(&p, 0)));
		angle = TAU * unit(&p, 2);
		out[i] = (float)(r * cos(angle));
		if (i + 1 < n)
			out[i + 1] = (float)(r * sin(angle));
	}
}

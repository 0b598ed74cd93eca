/* SPDX-License-Identifier: MIT */
#include "dedup/twister.h"

enum { N = 624, M = 397 };

void
twister_init(struct twister *t, uint32_t seed)
{
	uint32_t i;

	t->state[0] = seed;
	for (i = 1; i < N; i++)
		t->state[i] =
		    1812433253u * (t->state[i - 1] ^ t->state[i - 1] >> 30) + i;
	t->at = N;
}

static void
refill(struct twister *t)
{
	uint32_t *s = t->state, y;
	int i;

	for (i = 0; i < N; i++) {
		y = (s[i] & 0x80000000u) | (s[(i + 1) % N] & 0x7fffffffu);
		s[i] = s[(i + M) % N] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
	}
	t->at = 0;
}

uint32_t
twister_next(struct twister *t)
{
	uint32_t y;

	if (t->at == N)
		refill(t);
	y = t->state[t->at++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680u;
	y ^= y << 15 & 0xefc60000u;
	return y ^ y >> 18;
}

uint64_t
twister_between(struct twister *t, uint64_t least, uint64_t most)
{
	uint64_t range = most - least, x;
	uint64_t mask = UINT64_MAX >> __builtin_clzll(range);

	do {
		x = (uint64_t)twister_next(t) << 32;
		x |= twister_next(t);
		x &= mask;
	} while (x > range);
	return least + x;
}

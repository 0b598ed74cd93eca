/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_TWISTER_H
#define DEDUP_TWISTER_H

#include <stdint.h>

/*
 * The Mersenne twister MT19937, and numbers from a range as NumPy's
 * RandomState.randint(dtype=uint64) draws them.  For parameters that have to be
 * those of another tool; nothing else here draws from it.
 * Source: Matsumoto and Nishimura, Mersenne twister (1998), with the
 * initialisation of 2002; NumPy: 64 bits are two outputs, the first on top,
 * masked to the bits of the range and drawn again while too large.
 */
struct twister {
	uint32_t state[624];
	int at;
};

void twister_init(struct twister *t, uint32_t seed);
uint32_t twister_next(struct twister *t);
/* least..most; the range has more than 2^32 numbers. */
uint64_t twister_between(struct twister *t, uint64_t least, uint64_t most);

#endif

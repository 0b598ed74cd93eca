/* SPDX-License-Identifier: MIT */
#ifndef MIX_SHUFFLE_H
#define MIX_SHUFFLE_H

#include <stdint.h>

/*
 * A keyed permutation of 0 .. n-1 that is computed, not stored: any element
 * of it, and of its inverse, takes constant time and no memory.
 *
 * An alternating Feistel network on pairs (l, r) with l < a, r < b and
 * a * b >= n as tight as it gets, eight half-rounds, each adding a 64-bit
 * mixer's value of the other half; a value >= n walks on along its cycle
 * (less than one in sqrt(n) does).
 * Source: Black, Rogaway, "Ciphers with arbitrary finite domains", CT-RSA
 * 2002, sections 3 and 5.
 */
enum { SHUFFLE_ROUNDS = 8 };

struct shuffle {
	uint64_t n, a, b;
	uint64_t key[SHUFFLE_ROUNDS];
};

/* key[2]: any numbers; equal ones give equal permutations.  n >= 1. */
void shuffle_init(struct shuffle *s, uint64_t n, const uint64_t key[2]);
/* Where i < n goes, and where it came from.  Thread-safe. */
uint64_t shuffle_at(const struct shuffle *s, uint64_t i);
uint64_t shuffle_of(const struct shuffle *s, uint64_t v);

#endif

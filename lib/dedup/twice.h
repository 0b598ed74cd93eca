/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_TWICE_H
#define DEDUP_TWICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct err;

/*
 * Which keys come more than once, in a few bits a key: a Bloom filter of those
 * seen and, in the same places, one of those seen again.  A key that came
 * twice is always said to have; one that came once is by a chance of at most
 * twice_bound().
 *
 * That holds for both filters together: a place is marked "again" only where
 * it is marked "seen", so a key that came once is taken for another only if
 * all its places were taken by others.
 *
 * Memory, charged to the budget: two bits a place; 1.44 log2(1/bound) places a
 * key.  Not thread-safe while keys are added.
 * Source: Bloom, Space/time trade-offs in hash coding (1970); the bound: Goel
 * and Gupta, Small subset queries and Bloom filters (2010), theorem 1.
 */
struct twice {
	struct budget *budget;
	uint64_t *words; /* 32 places each */
	uint64_t nplace; /* m */
	uint32_t nprobe; /* places of a key: k */
	uint64_t n;      /* keys added, the same one counted each time */
};

/* Places that keep the bound for n keys. */
uint64_t twice_places(uint64_t n, double bound);
/* Empty, for n keys; at most `most` bytes, whatever that does to the bound. */
int twice_init(struct twice *t, struct budget *b, uint64_t n, double bound,
    uint64_t most, struct err *e);
void twice_free(struct twice *t);
/* Keys are hashes of 64 bits. */
void twice_add(struct twice *t, const uint64_t *keys, size_t n);
bool twice_has(const struct twice *t, uint64_t key);
uint64_t twice_bytes(const struct twice *t);
/* The chance for n keys, the hashes' own collisions included. */
double twice_bound(const struct twice *t);

#endif

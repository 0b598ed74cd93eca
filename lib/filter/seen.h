/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SEEN_H
#define FILTER_SEEN_H

#include <stdint.h>

struct err;

/*
 * Which stretches of a buffer have been seen before: a hash table that keeps
 * no bytes of its own and compares them wherever hashes are equal, so that the
 * answer is exact.  It keeps its memory from use to use; beginning anew costs
 * nothing.  Not thread-safe.
 */
struct seen_slot {
	/* Bits of the hash, and the round of seen_begin() in the lowest
	 * SEEN_ROUND_BITS; of another round, the slot is empty. */
	uint32_t tag;
	uint32_t at, n; /* first occurrence */
	uint32_t count;
};

enum { SEEN_ROUND_BITS = 12 };

struct seen {
	struct seen_slot *slots;
	uint32_t cap;  /* slots there are */
	uint32_t mask; /* ... and in use this round, less 1 */
	uint32_t round;
	const char *base;
};

/* Forget all; room for max stretches of base, each offset < 2^32. */
int seen_begin(struct seen *s, const void *base, uint32_t max, struct err *e);
/*
 * Count base[at, at + n).  The slot's count is 1 if it is new.  The slot is
 * valid until the next seen_begin().
 */
struct seen_slot *seen_add(struct seen *s, uint32_t at, uint32_t n);
void seen_free(struct seen *s);

#endif

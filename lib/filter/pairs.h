/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PAIRS_H
#define FILTER_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Gives equal things equal numbers, 0, 1, ... in the order in which they are
 * first seen.  All zeros is an empty one; it keeps its memory, and beginning
 * anew costs nothing.  Not thread-safe.
 */
struct pairs {
	struct pairs_slot {
		uint64_t key;
		uint32_t id, tag;
	} * slots;
	uint32_t cap;         /* slots there are */
	uint32_t mask, shift; /* of those in use this round */
	uint32_t round;
};

/* Of n things: the number of each; how often a number is there, and where it
 * is first. */
struct numbers {
	uint32_t *ids, *counts, *first; /* room for n each */
	uint32_t made;                  /* numbers there are */
};

/* Forget all; room for max things.  ERR_NOMEM, ERR_ARG. */
int pairs_begin(struct pairs *p, uint32_t max, struct err *e);
/* Number v[0 .. n), none of them empty.  Exact: bytes are compared. */
void pairs_number(
    struct pairs *p, const struct str *v, uint32_t n, struct numbers *out);
/* Number the pairs (a[i], b[i]); out->ids may be a. */
void pairs_join(struct pairs *p, const uint32_t *a, const uint32_t *b,
    uint32_t n, struct numbers *out);
void pairs_free(struct pairs *p);

/*
 * Which hashes were given at least twice?  Those that were, and a few that
 * weren't.
 */
struct again {
	uint64_t *once, *twice; /* bits */
	uint32_t cap, shift;    /* words there are; of a hash, to a bit */
};
int again_begin(struct again *t, uint32_t max, struct err *e);
void again_free(struct again *t);

static inline void
again_add(struct again *t, uint64_t hash)
{
	uint64_t i = hash >> t->shift, bit = UINT64_C(1) << (i & 63);

	i >>= 6;
	t->twice[i] |= t->once[i] & bit;
	t->once[i] |= bit;
}

static inline bool
again_seen(const struct again *t, uint64_t hash)
{
	uint64_t i = hash >> t->shift;

	return t->twice[i >> 6] >> (i & 63) & 1;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_HASHSET_H
#define DEDUP_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * A set of hashes, none of them 0, for scratch: open addressing, cleared for
 * the number that may come.  All zeros is one that has to be cleared first.
 */
struct hashset {
	uint64_t *v;
	size_t cap, mask;
};

void hashset_free(struct hashset *s);
/* Empty, with room for n hashes: at most half full. */
int hashset_clear(struct hashset *s, size_t n, struct err *e);

/* Puts h in; false if it is there already. */
static inline bool
hashset_add(struct hashset *s, uint64_t h)
{
	size_t i = h & s->mask;

	while (s->v[i] && s->v[i] != h)
		i = (i + 1) & s->mask;
	if (s->v[i])
		return false;
	s->v[i] = h;
	return true;
}

#endif

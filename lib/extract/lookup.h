/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_LOOKUP_H
#define EXTRACT_LOOKUP_H

#include <stdint.h>

#include "base/str.h"

/*
 * A few hundred words of a constant table, found by hash: most words looked
 * for aren't there, which one load tells.  All zeros is empty; filled once,
 * then read by any thread.
 */
enum { LOOKUP_SLOTS = 1024 };
struct lookup {
	struct {
		const char *s; /* NULL: free */
		uint32_t n, value;
	} slot[LOOKUP_SLOTS];
};

static inline size_t
lookup_slot(const char *s, size_t n)
{
	uint64_t head = 0;

	memcpy(&head, s, n < 8 ? n : 8);
	return ((head ^ n << 59) * UINT64_C(0x9e3779b97f4a7c15)) >> 54;
}

/* word stays the caller's.  There must be room: add far fewer than slots. */
static inline void
lookup_add(struct lookup *l, const char *word, uint32_t value)
{
	size_t n = strlen(word), i = lookup_slot(word, n);

	while (l->slot[i].s)
		i = (i + 1) % LOOKUP_SLOTS;
	l->slot[i].s = word;
	l->slot[i].n = (uint32_t)n;
	l->slot[i].value = value;
}

/* The word's value, or `otherwise`. */
static inline uint32_t
lookup_find(const struct lookup *l, const char *s, size_t n, uint32_t otherwise)
{
	size_t i = lookup_slot(s, n);

	for (; l->slot[i].s; i = (i + 1) % LOOKUP_SLOTS)
		if (l->slot[i].n == n && memcmp(l->slot[i].s, s, n) == 0)
			return l->slot[i].value;
	return otherwise;
}

#endif

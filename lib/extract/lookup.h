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
enum { LOOKUP_SLOTS = 512, LOOKUP_BYTES = 16 };

/* A word of at most LOOKUP_BYTES, without NUL, as one long number: built of
 * bytes in memory it would have to be stored and loaded again. */
struct lookup_word {
	uint64_t low, high;
};

/* Put another byte behind a word, which begins as zeros. */
static inline void
lookup_put(struct lookup_word *a, char c)
{
	a->high = a->high << 8 | a->low >> 56;
	a->low = a->low << 8 | (unsigned char)c;
}

struct lookup {
	struct {
		struct lookup_word word; /* all zeros: free */
		uint32_t value;
	} slot[LOOKUP_SLOTS];
};

static inline size_t
lookup_slot(const struct lookup_word *a)
{
	return ((a->low ^ a->high << 7) * UINT64_C(0x9e3779b97f4a7c15)) >> 55;
}

/* The word's value, or `otherwise`. */
static inline uint32_t
lookup_find(
    const struct lookup *l, const struct lookup_word *a, uint32_t otherwise)
{
	size_t i = lookup_slot(a);

	for (; l->slot[i].word.low; i = (i + 1) % LOOKUP_SLOTS)
		if (l->slot[i].word.low == a->low &&
		    l->slot[i].word.high == a->high)
			return l->slot[i].value;
	return otherwise;
}

/* Add a word, unless it is there.  There must be room: add far fewer than
 * slots. */
static inline void
lookup_add(struct lookup *l, const char *word, uint32_t value)
{
	struct lookup_word a = { 0, 0 };
	size_t i;

	for (i = 0; word[i]; i++)
		lookup_put(&a, word[i]);
	if (lookup_find(l, &a, UINT32_MAX) != UINT32_MAX)
		return;
	for (i = lookup_slot(&a); l->slot[i].word.low;)
		i = (i + 1) % LOOKUP_SLOTS;
	l->slot[i].word = a;
	l->slot[i].value = value;
}

#endif

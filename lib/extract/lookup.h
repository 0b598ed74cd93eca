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

/* A word of at most LOOKUP_BYTES, without NUL, as numbers: built of bytes it
 * would have to be stored and loaded again. */
struct lookup_word {
	uint64_t w[2];
};

/* Put byte n of a word that is all zeros so far from there. */
static inline void
lookup_put(struct lookup_word *a, size_t n, char c)
{
	if (n < LOOKUP_BYTES)
		a->w[n / 8] |= (uint64_t)(unsigned char)c << n % 8 * 8;
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
	return ((a->w[0] ^ a->w[1] << 7) * UINT64_C(0x9e3779b97f4a7c15)) >> 55;
}

/* The word's value, or `otherwise`. */
static inline uint32_t
lookup_find(
    const struct lookup *l, const struct lookup_word *a, uint32_t otherwise)
{
	size_t i = lookup_slot(a);

	for (; l->slot[i].word.w[0]; i = (i + 1) % LOOKUP_SLOTS)
		if (l->slot[i].word.w[0] == a->w[0] &&
		    l->slot[i].word.w[1] == a->w[1])
			return l->slot[i].value;
	return otherwise;
}

/* Add a word, unless it is there.  There must be room: add far fewer than
 * slots. */
static inline void
lookup_add(struct lookup *l, const char *word, uint32_t value)
{
	struct lookup_word a = { { 0, 0 } };
	size_t i;

	for (i = 0; word[i]; i++)
		lookup_put(&a, i, word[i]);
	if (lookup_find(l, &a, UINT32_MAX) != UINT32_MAX)
		return;
	for (i = lookup_slot(&a); l->slot[i].word.w[0];)
		i = (i + 1) % LOOKUP_SLOTS;
	l->slot[i].word = a;
	l->slot[i].value = value;
}

#endif

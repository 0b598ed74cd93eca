/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PIECE_CACHE_H
#define TOKENIZER_PIECE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Pieces of any length and their tokens, for those that an encoder's slots of
 * fixed size don't take.  It grows up to PIECE_CACHE_BYTES, then starts over
 * empty.  All zeros is an empty one.  What it holds changes no result: where
 * memory is out, nothing is remembered.
 */
enum {
	PIECE_CACHE_BYTES = 24 << 20, /* of pieces and tokens */
	PIECE_CACHE_SLOTS = 1 << 20,  /* at most: 16 MiB */
	PIECE_CACHE_LONGEST = 1024,   /* bytes of a piece */
};

struct piece_slot {
	uint32_t tag; /* of the hash */
	uint32_t at;  /* in words: the bytes, padded, then the tokens */
	uint32_t len; /* bytes; 0: free */
	uint32_t n;   /* tokens */
};

struct piece_cache {
	struct piece_slot *slots;
	uint64_t mask, used;
	uint32_t *words;
	size_t nword, cap;
};

/* The tokens of a piece, *n of them, until the next put; NULL: not known. */
const uint32_t *piece_cache_find(
    const struct piece_cache *c, struct str piece, uint64_t hash, size_t *n);
void piece_cache_put(struct piece_cache *c, struct str piece, uint64_t hash,
    const uint32_t *ids, size_t n);
void piece_cache_free(struct piece_cache *c);

static inline void
piece_cache_prefetch(const struct piece_cache *c, uint64_t hash)
{
	if (c->slots)
		__builtin_prefetch(&c->slots[hash & c->mask]);
}

/* When what the former asked for is there: the words of the piece. */
static inline void
piece_cache_prefetch_words(const struct piece_cache *c, uint64_t hash)
{
	const struct piece_slot *x;

	if (!c->slots)
		return;
	x = &c->slots[hash & c->mask];
	if (x->len)
		__builtin_prefetch(c->words + x->at);
}

#endif

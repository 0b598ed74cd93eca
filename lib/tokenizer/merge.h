/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_MERGE_H
#define TOKENIZER_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "tokenizer/bpe.h"

struct err;

/* Scratch memory of one thread; all zeros is empty. */
struct merge_scratch {
	uint32_t *next, *prev; /* neighbours of long pieces' symbols */
	uint64_t *heap;
	size_t cap;
};

enum { MERGE_SHORT = 48 /* symbols that a scan beats a heap for */ };

/*
 * Merge the n symbols at ids, in place, by rank, of equal ranks the leftmost
 * first, until no pair is left that b merges.  Returns how many symbols
 * remain, or an error.  O(n^2) up to MERGE_SHORT symbols, O(n log n) beyond.
 */
ptrdiff_t bpe_merge(const struct bpe *b, struct merge_scratch *s, uint32_t *ids,
    size_t n, struct err *e);
void merge_scratch_free(struct merge_scratch *s);

#endif

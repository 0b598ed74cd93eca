/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_BACKTRACK_H
#define TOKENIZER_BACKTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "tokenizer/bpe.h"

struct err;

/*
 * The same tokens as merging by rank (merge.h), in time linear in the piece's
 * length: from left to right the longest token there is; where two neighbours
 * would not stand beside each other after merging, a shorter one, and the one
 * before if there is none.
 *
 * A row of tokens is what merging gives if and only if each two neighbours are.
 * Whether two are is seen by undoing their merges, the last first: none of the
 * pairs that meet between them on the way may be a merge of lower rank than
 * the one undone.  That takes ranks that rise from a token's parts to the
 * token; for a vocabulary that has others there is no such table.
 *
 * Source: H. van Antwerpen and A. Neubeck, "So many tokens, so little time"
 * (GitHub, 2024), for the idea; the order of ties is that of merge.h.
 */
struct backtrack;

/* Scratch memory of one thread; all zeros is empty. */
struct backtrack_scratch {
	uint64_t
	    *dead;  /* places from which no row of tokens leads to the end */
	size_t cap; /* words of it */
};

/*
 * *out is NULL if merging must do: the vocabulary has no such order of ranks,
 * has ranks of its own, or is too large.  b is indexed and outlives it.  Read
 * only: shared by threads.
 */
int backtrack_new(struct backtrack **out, const struct bpe *b, struct err *e);
void backtrack_free(struct backtrack *t);
/*
 * The tokens of a piece, of whose bytes each has a token, at `to`, which has
 * room for as many as bytes.  Returns their number.
 */
ptrdiff_t backtrack_run(const struct backtrack *t, struct backtrack_scratch *s,
    struct str piece, uint32_t *to, struct err *e);
void backtrack_scratch_free(struct backtrack_scratch *s);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_DROPOUT_H
#define TOKENIZER_DROPOUT_H

#include <stdint.h>

#include "io/textcodec.h"
#include "tokenizer/bpe.h"

struct err;

/*
 * Merging in which, each time, each merge that could be done is left out with
 * a probability.  Of those that stay the one of least rank is done, the
 * leftmost of equals; it ends when none stays.
 */
struct dropout {
	double share;
	uint64_t state;  /* of the draws */
	uint64_t *heap;  /* rank << 32 | place */
	uint64_t *aside; /* left out this time */
	uint32_t *next, *prev;
	size_t cap;
};

void dropout_seed(struct dropout *d, uint64_t seed);
void dropout_free(struct dropout *d);
/* Merge n symbols in place; how many remain, or an error. */
ptrdiff_t dropout_merge(struct dropout *d, const struct bpe *b, uint32_t *ids,
    size_t n, struct err *e);
/* Append the ids of a piece of bytes. */
int dropout_bytes(struct dropout *d, const struct bpe *b, struct str piece,
    struct ids *ids, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LEARN_VOCAB_H
#define TOKENIZER_LEARN_VOCAB_H

#include <stdint.h>

#include "tokenizer/learn.h"

struct err;

/* The tokens of training, by their bytes.  Inside lib/tokenizer/learn.c. */
struct learn_vocab {
	struct bpe *b;
	uint64_t room;   /* tokens that there is room for */
	uint32_t *known; /* ids by hash of their bytes */
	uint64_t nknown;
};

/*
 * The bytes, and special tokens if they come first.  ERR_ARG if they don't fit
 * in opts->vocab.
 */
int learn_vocab_start(struct learn_vocab *v, struct bpe *b,
    const struct learn_opts *opts, struct err *e);
/* The id of the token with these bytes, a new one if there is none. */
int learn_vocab_id(
    struct learn_vocab *v, struct str s, uint32_t *id, struct err *e);
/* The same, but BPE_NONE if there is none. */
uint32_t learn_vocab_find(const struct learn_vocab *v, struct str s);
/* Special tokens if they come last. */
int learn_vocab_end(
    struct learn_vocab *v, const struct learn_opts *opts, struct err *e);
void learn_vocab_free(struct learn_vocab *v);

#endif

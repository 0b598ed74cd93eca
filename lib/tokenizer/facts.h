/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_FACTS_H
#define TOKENIZER_FACTS_H

#include "tokenizer/tokenizer.h"

/*
 * Vocabularies looked at.  shared: tokens whose bytes the first one has, too;
 * unreachable: tokens that merging their bytes doesn't give; longest: bytes of
 * the longest token.  Special tokens are no part of these three.
 */
#define FACTS_HEADER "tokenizer\tvocab\tmerges\tshared\tunreachable\tlongest"

/* Append lines "what TAB value", those of special tokens last. */
int facts_list(struct buf *out, const struct tokenizer *t, struct err *e);
/* Append a row of FACTS_HEADER without its end, beside the first's. */
int facts_row(struct buf *out, const char *name, const struct tokenizer *t,
    const struct tokenizer *first, struct err *e);

#endif

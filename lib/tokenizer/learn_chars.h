/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LEARN_CHARS_H
#define TOKENIZER_LEARN_CHARS_H

#include <stdint.h>

#include "tokenizer/learn_vocab.h"

struct err;

/*
 * What training over characters does in place of bytes.  Inside
 * lib/tokenizer/learn.c.
 *
 * Ids: special tokens, the 256 bytes ("<0x00>", ...), characters in the order
 * of their code points, what merges make.  A character beyond the limit of the
 * alphabet is left out of its word, as if its neighbours met: so does the
 * trainer of the tokenizers library.  Of characters that are equally frequent
 * at the limit those of the smaller code points stay (there it is chance).
 */

/* Special tokens, and bytes.  ERR_ARG if they don't fit in opts->vocab. */
int learn_chars_start(struct learn_vocab *v, struct bpe *b,
    const struct learn_opts *opts, struct err *e);
/* The alphabet of the words.  ERR_ARG if it doesn't fit. */
int learn_chars_alphabet(struct learn_vocab *v, const struct words *w,
    const struct learn_opts *opts, struct err *e);
/* The symbols of a word; returns their number. */
uint32_t
learn_chars_symbols(const struct learn_vocab *v, struct str s, uint32_t *to);
/* b is a model over characters that writes others as bytes. */
int learn_chars_end(struct learn_vocab *v, struct err *e);

#endif

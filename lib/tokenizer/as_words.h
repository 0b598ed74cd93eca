/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_AS_WORDS_H
#define TOKENIZER_AS_WORDS_H

#include "base/str.h"
#include "tokenizer/tokenizer.h"

/*
 * Tokens as the words of something that parts words by white space: a language
 * model of n-grams, which reads what SentencePiece writes as pieces.
 */

/* The token that only says that there is none, or UINT32_MAX. */
uint32_t tokenizer_unknown(const struct tokenizer *t);
/*
 * Each token's word, by id: the piece; of byte-level tokens the bytes, a space
 * as U+2581, other white space as <0x0A>.  The words lie in bytes; the caller
 * frees both, also on an error.
 */
int tokenizer_words(const struct tokenizer *t, struct str **words,
    struct buf *bytes, struct err *e);
/* Append what stands at each unknown token of text, normalised as the tokenizer
 * does, NUL behind each. */
int
tokenizer_spell_unknown(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct buf *words, struct err *e);

#endif

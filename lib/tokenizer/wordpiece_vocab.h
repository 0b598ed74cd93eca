/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_WORDPIECE_VOCAB_H
#define TOKENIZER_WORDPIECE_VOCAB_H

#include <stdbool.h>
#include <stddef.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * BERT's vocab.txt: a line a token, its number from 0 its id; "##" begins what
 * continues a word; [UNK], [CLS], [SEP], [PAD] and [MASK] are special.  The
 * file doesn't say whether text is lower-cased: it is if no token but a special
 * one has a capital letter.
 */
bool wordpiece_is(const char *path);
int wordpiece_read(struct bpe *b, const char *p, size_t n, struct err *e);
/* Append the file.  ERR_FORMAT if its reader would encode otherwise. */
int wordpiece_write(const struct bpe *b, struct buf *out, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_VOCABJSON_H
#define TOKENIZER_VOCABJSON_H

#include <stdbool.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * GPT-2's files: vocab.json, {"NAME":ID,...}, and merges.txt beside it, a line
 * "LEFT RIGHT" a merge (first lines that begin with "#version" are none); by
 * their older names encoder.json and vocab.bpe.  Names are byte-level text.
 * The pattern is gpt2 or given; <|endoftext|> is special if no merge makes it.
 */

/* Is path named like one of vocab.json or encoder.json, compressed or not? */
bool vocabjson_is(const char *path);
/* The path of the merges beside it; the caller frees.  NULL: no memory. */
char *vocabjson_merges_path(const char *path);
/* Fill b, which is empty, from the contents of both, and index it. */
int vocabjson_read(struct bpe *b, const char *pattern, struct str vocab,
    struct str merges, struct err *e);
/* Append both; ERR_FORMAT if something gets lost but special tokens. */
int vocabjson_write(
    const struct bpe *b, struct buf *vocab, struct buf *merges, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_ENCODE_H
#define TOKENIZER_ENCODE_H

#include "base/str.h"
#include "io/textcodec.h"
#include "tokenizer/bpe.h"
#include "tokenizer/pretok.h"

struct err;

/*
 * Text to ids: split into pieces, merge each.  Pieces are remembered, which
 * changes no result: short ones of few tokens in 16 MiB, others in up to 40.
 * One a thread; b (indexed) and pt outlive it.
 */
struct encoder;

struct encoder *
encoder_new(const struct bpe *b, const struct pretok *pt, struct err *e);
void encoder_free(struct encoder *x);
/* Append the ids of text; ERR_FORMAT for a byte without a token. */
int
encoder_run(struct encoder *x, struct str text, struct ids *ids, struct err *e);

#endif

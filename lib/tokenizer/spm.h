/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SPM_H
#define TOKENIZER_SPM_H

#include <stdbool.h>
#include <stddef.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * SentencePiece's .model: a protocol buffer (proto.h),
 *
 *	1  pieces: 1 text, 2 score (float), 3 type (enum subword_type)
 *	2  training: 3 model (1 Unigram, 2 BPE), 24 spaces behind words,
 *	   35 bytes for what is unknown
 *	3  normaliser: 2 rules (charsmap.h), 3 space in front, 4 no white space
 *	   at the ends, one space for runs, 5 spaces are written U+2581
 *
 * A piece's id is its place.  Control pieces (<s>, </s>) become special tokens,
 * which text doesn't stand for unless that is asked for.
 * Source: Kudo and Richardson, "SentencePiece" (2018),
 *sentencepiece_model.proto
 */

bool spm_is(const char *path);
/* Fill b, which is empty, and index it.  ERR_FORMAT says what is wrong. */
int spm_read(struct bpe *b, const char *p, size_t n, struct err *e);
/* Finish a model whose pieces, scores, types and kind are in b. */
int spm_finish(struct bpe *b, const struct norm_step *norm, struct err *e);

#endif

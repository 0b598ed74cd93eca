/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SPM_JSON_H
#define TOKENIZER_SPM_JSON_H

#include "tokenizer/bpe.h"

struct err;

/*
 * Make of a SentencePiece model what a tokenizer.json can say, so that
 * tokjson_write() writes it.  b is indexed; only for writing afterwards.
 *
 * Its ids are the same for every text in UTF-8 that spells no piece for what
 * isn't text (<s>, <unk>, <0x41>): those are found in text there.  Unigram's
 * scores add up in doubles there, in floats here: of two ways that differ by
 * less than a float can tell the other may be taken.
 *
 * ERR_FORMAT where other ids would come of it: rules of normalisation (there
 * they go by graphemes); spaces behind words; Unigram: pieces that are not in
 * use, or a user-defined one that would lower the score of what is unknown;
 * BPE: pieces of equal score, or made of characters that are none, or
 * user-defined ones that the normaliser would change.
 */
int spm_as_json(struct bpe *b, struct err *e);

#endif

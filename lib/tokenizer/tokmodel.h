/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKMODEL_H
#define TOKENIZER_TOKMODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "io/json.h"
#include "tokenizer/bpe.h"

struct err;

/* The parts that tokenizer.json and vocab.json + merges.txt share. */

/* Is id one that b->id_limit allows? */
bool tokmodel_is_id(const struct bpe *b, int64_t id);
/*
 * The bytes of a token's name (the name itself, but for byte-level BPE);
 * plain: it is no byte-level text.
 */
int tokmodel_name(const struct bpe *b, struct buf *bytes, struct str name,
    bool *plain, struct err *e);
/* {"NAME":ID,...} */
int tokmodel_vocab(struct bpe *b, struct json_val vocab, struct err *e);
/* One merge of two names; bytes is scratch.  After bpe_index_tokens(). */
int tokmodel_merge(struct bpe *b, struct str left, struct str right,
    struct buf *bytes, struct err *e);
/* ["LEFT RIGHT",...] or [["LEFT","RIGHT"],...] */
int tokmodel_merges(struct bpe *b, struct json_val merges, struct err *e);

#endif

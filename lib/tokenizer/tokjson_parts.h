/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKJSON_PARTS_H
#define TOKENIZER_TOKJSON_PARTS_H

#include "io/json.h"
#include "tokenizer/bpe.h"

/* Inside the reader of tokenizer.json. */

/* Append v as JSON. */
void tokjson_text(struct buf *out, struct json_val v);
/* A NUL-terminated copy of v as JSON. */
int tokjson_keep(char **to, struct json_val v, struct err *e);
int tokjson_normalizer(struct norm *n, struct json_val v, struct err *e);
/* Which model it is, by its type or, where that is missing, its members. */
int tokjson_kind(struct json_val root, enum subword_kind *kind, struct err *e);
/* Vocabulary, merges and settings of a model that isn't byte-level BPE. */
int tokjson_subword(struct bpe *b, struct json_val model, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LOAD_H
#define TOKENIZER_LOAD_H

#include <stdbool.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * Tokenizer files by their names: .tiktoken (tiktoken.h), vocab.json with
 * merges.txt (vocabjson.h), .model (spm.h), .gguf (gguf.h), vocab.txt
 * (wordpiece_vocab.h), anything else a tokenizer.json (tokjson.h).  Read
 * compressed or not.
 */
enum load_format {
	LOAD_JSON,
	LOAD_TIKTOKEN,
	LOAD_VOCAB,
	LOAD_SPM,
	LOAD_GGUF,
	LOAD_WORDPIECE,
};

enum load_format load_format(const char *path);
/*
 * Fill b, which is empty, and index it.  pattern: a name or a regex, or NULL
 * for the one in the file or known for its name; ERR_ARG for a tokenizer.json,
 * which has its own.  digest, or NULL: the sha256 of the content (of vocab.json
 * and merges.txt one after another).
 */
int bpe_load(struct bpe *b, const char *path, const char *pattern,
    char digest[65], struct err *e);
/*
 * Write b, which may be changed to what the format can say; path as for
 * reading, NULL or "-" (no LOAD_VOCAB): standard output.  Each file is whole or
 * absent.  ERR_FORMAT if its reader would encode otherwise.  Special tokens and
 * the pattern are not part of LOAD_TIKTOKEN and LOAD_VOCAB.
 */
int bpe_save(
    struct bpe *b, const char *path, enum load_format format, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_GGUF_H
#define TOKENIZER_GGUF_H

#include <stdbool.h>
#include <stddef.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * The vocabulary in a GGUF file (versions 2 and 3, little-endian): "GGUF", u32
 * version, u64 tensors, u64 members, then the members: u64 length and name, u32
 * type, value; strings are u64 length and bytes, arrays u32 type, u64 count and
 * elements.
 *
 *	tokenizer.ggml.model       gpt2 (byte-level BPE), llama (SentencePiece
 *				   BPE), t5 (Unigram), bert (WordPiece)
 *	tokenizer.ggml.pre         which pattern splits text (gpt2)
 *	tokenizer.ggml.tokens, .scores, .token_type, .merges
 *	tokenizer.ggml.precompiled_charsmap, .add_space_prefix, ...
 *
 * Source: the GGUF specification (ggml, docs/gguf.md).
 */
bool gguf_is(const char *path);
/*
 * Fill b, which is empty, and index it.  pattern as for tiktoken_read(): NULL
 * to go by .pre, ERR_ARG if that is not known.
 */
int gguf_read(
    struct bpe *b, const char *pattern, const char *p, size_t n, struct err *e);

#endif

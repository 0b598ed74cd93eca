/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TIKTOKEN_NAMES_H
#define TOKENIZER_TIKTOKEN_NAMES_H

#include <stdint.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * What is known of published .tiktoken files by their names.
 * Source: OpenAI's tiktoken_ext/openai_public.py; the model cards of Llama 3,
 * Qwen 2 and Mistral for theirs.
 */
struct tiktoken_special {
	uint32_t id;
	const char *content;
};

struct tiktoken_name {
	const char *name;                        /* the file's begins with it */
	const char *pattern;                     /* a name or a regex */
	bool nfc;                                /* text is normalised first */
	const struct tiktoken_special *specials; /* ends with { 0 } */
};

/* NULL for a name that isn't known; file: without its folder. */
const struct tiktoken_name *tiktoken_known(const char *file);
int tiktoken_add_specials(
    struct bpe *b, const struct tiktoken_name *k, struct err *e);

#endif

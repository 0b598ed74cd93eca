/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKENIZER_IMPL_H
#define TOKENIZER_TOKENIZER_IMPL_H

#include "tokenizer/added.h"
#include "tokenizer/bpe.h"
#include "tokenizer/pretok.h"
#include "tokenizer/tokenizer.h"

/* Inside the tokenizer: loading (tokenizer.c), encoding (tokencode.c). */

/* How the text between added tokens becomes ids. */
enum tokenizer_way {
	WAY_PIECES, /* pieces of bytes, by an encoder (encode.h) */
	WAY_STEPS,  /* steps that change the text, then the encoder */
	WAY_MODEL,  /* steps, then a model of texts (subword.h) */
};

struct tokenizer {
	struct bpe bpe;
	struct pretok *pretok; /* NULL for WAY_MODEL */
	enum tokenizer_way way;
	double dropout;
	/* Added tokens as they stand, and "normalized" ones. */
	struct added_set added[2];
	char digest[65];
};

#endif

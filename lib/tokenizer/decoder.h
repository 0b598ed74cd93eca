/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_DECODER_H
#define TOKENIZER_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/json.h"

struct bpe;
struct err;

/*
 * How the names of tokens become text again: steps over the list of names, of
 * which the first turns ids into them.  As the tokenizers library has them,
 * but bytes that are no UTF-8 stay themselves.
 */
enum decoder_kind {
	DECODER_REPLACE,   /* each `from` by `to` */
	DECODER_WORDPIECE, /* `from` in front joins; else a space */
	DECODER_BYTES,     /* "<0x41>" is a byte */
	DECODER_FUSE,      /* one text of all */
	DECODER_STRIP,     /* up to `start` of `from` in front, `stop` behind */
	DECODER_METASPACE, /* `from` is a space; none at the beginning */
	DECODER_BPE,       /* `from` behind is a space; none at the end */
	DECODER_BYTELEVEL, /* characters are bytes (bytelevel.h) */
	DECODER_SPM,       /* SentencePiece's own */
};

enum { DECODER_STEPS = 16, DECODER_TEXT = 32 };

struct decoder_step {
	enum decoder_kind kind;
	char from[DECODER_TEXT], to[DECODER_TEXT];
	size_t start, stop;
	bool cleanup;   /* DECODER_WORDPIECE: no spaces before punctuation */
	bool prefix;    /* DECODER_METASPACE, _SPM: a first space goes */
	bool one_space; /* DECODER_SPM: all first spaces go */
};

struct decoder {
	struct decoder_step v[DECODER_STEPS];
	size_t n;
	bool spaces; /* there is no decoder: names with spaces between */
};

int decoder_read(struct decoder *d, struct json_val v, struct err *e);
struct decoder_step *
decoder_add(struct decoder *d, enum decoder_kind k, struct err *e);
void decoder_free(struct decoder *d);
/* Append the text of n ids, which b has. */
int decoder_run(const struct bpe *b, const uint32_t *ids, size_t n,
    struct buf *out, struct err *e);

#endif

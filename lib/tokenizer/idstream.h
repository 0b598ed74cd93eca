/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_IDSTREAM_H
#define TOKENIZER_IDSTREAM_H

#include <stdint.h>

#include "tokenizer/texts.h"
#include "tokenizer/tokenizer.h"

struct err;
struct run;

/*
 * Texts to ids and ids to texts, as files:
 *
 *	ids    one line a text, ids in decimal with spaces between
 *	jsonl  one line a text, {"id":"...","ids":[1,2,3]}
 *	bin    uint32, little-endian, text behind text without a mark
 */
enum ids_format { IDS_TEXT, IDS_BIN, IDS_JSONL };

/* Where each token stands in its text, for jsonl: "offsets":[[from,to],...]. */
enum ids_offsets { IDS_NO_OFFSETS, IDS_BYTES, IDS_CHARS };

struct ids_opts {
	enum ids_format format;
	enum ids_offsets offsets;
	uint64_t most; /* tokens of a text; 0: all */
	bool draws;    /* tokenizer_dropout() is on: a text's seed is of: */
	uint64_t seed;
};

struct ids_stats {
	uint64_t texts, bytes, tokens, cut; /* cut: texts, by `most` */
};

/* The texts' ids go to r->out, if it has one; in->seams is set here. */
int ids_encode(const struct tokenizer *t, struct texts *in,
    const struct ids_opts *opts, struct run *r, struct ids_stats *stats,
    struct err *e);
/*
 * The inverse: bytes of the texts one after another; for jsonl, documents
 * {"id","text"} ({"id","raw"} in base64 for a text that isn't UTF-8).  A
 * malformed line, or one with an unknown id, is damage.
 */
int ids_decode(const struct tokenizer *t, struct texts *in,
    enum ids_format format, struct run *r, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKSTREAM_H
#define TOKENIZER_TOKSTREAM_H

#include "base/buf.h"
#include "io/textcodec.h"
#include "tokenizer/tokenizer.h"

/*
 * Ids that come bit by bit, to text that never ends within a character: bytes
 * of one that isn't whole wait for the next ids.  All texts together are what
 * tokenizer_decode() makes of all ids.  All zeros is the beginning of a text.
 * Memory is that of the ids put at once.
 */
struct tokenizer_stream {
	struct ids window; /* the last ids, for models whose names depend on
			      what stands before them */
	struct buf text;   /* what the window decodes to */
	size_t shown;      /* of it */
};

/* Append the text of n more ids, as far as it is whole. */
int tokenizer_stream_put(const struct tokenizer *t, struct tokenizer_stream *s,
    const uint32_t *ids, size_t n, struct buf *out, struct err *e);
/* The end: append what still waits, whole or not.  s begins again. */
int tokenizer_stream_end(
    struct tokenizer_stream *s, struct buf *out, struct err *e);
void tokenizer_stream_free(struct tokenizer_stream *s);

#endif

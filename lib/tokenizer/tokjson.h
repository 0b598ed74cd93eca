/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKJSON_H
#define TOKENIZER_TOKJSON_H

#include <stddef.h>

#include "tokenizer/bpe.h"

/*
 * Hugging Face's tokenizer.json: version "1.0", model BPE, byte-level.
 *
 *	{"version":"1.0","truncation":null,"padding":null,
 *	 "added_tokens":[{"id","content","single_word","lstrip","rstrip",
 *	   "normalized","special"},...],
 *	 "normalizer":null, {"type":"NFC"} (normalize.h), a Sequence of such,
 *	 "pre_tokenizer": ByteLevel, or a Sequence of a Split by a regex and
 *	   a ByteLevel without one,
 *	 "post_processor":..., "decoder": ByteLevel,
 *	 "model":{"type":"BPE","vocab":{TOKEN:ID},"merges":["LEFT RIGHT",...]}}
 *
 * Tokens stand there as byte-level text (bytelevel.h).  Merges may be arrays
 * of two as well.  Post-processors, which add tokens around a text, and
 * truncation and padding are left aside.
 */

/* Fill b, which is empty, and index it.  ERR_FORMAT says what it can't be. */
int tokjson_read(struct bpe *b, const char *p, size_t n, struct err *e);
/* Append the file. */
int tokjson_write(const struct bpe *b, struct buf *out, struct err *e);

#endif

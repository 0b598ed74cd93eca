/* SPDX-License-Identifier: MIT */
#ifndef IO_TEXTCODEC_H
#define IO_TEXTCODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

/* A growing array of token ids; all zeros is empty. */
struct ids {
	uint32_t *v;
	size_t n, cap;
};

/* ERR_NOMEM if there is no room for n more. */
int ids_reserve(struct ids *ids, size_t n, struct err *e);
void ids_free(struct ids *ids);

/*
 * A tokenizer as other rooms see it: text to ids and back.  lib/tokenizer
 * implements it; sharding, generation and serving use it; cmd/ wires them.
 */
struct textcodec {
	void *ctx;
	uint32_t vocab;   /* ids are < vocab */
	int64_t end_text; /* id of the token that ends a document, or -1 */
	char digest[65];  /* sha256 (hex) of the tokenizer file */
	/*
	 * Append the ids of text (valid UTF-8 or not) to ids; special tokens
	 * in the text are ordinary text.  scratch: from worker_new().
	 * Thread-safe with a scratch a thread.
	 */
	int (*encode)(void *ctx, void *scratch, struct str text,
	    struct ids *ids, struct err *e);
	/* Append the bytes of n ids to out; ERR_FORMAT for an unknown id. */
	int (*decode)(void *ctx, const uint32_t *ids, size_t n, struct buf *out,
	    struct err *e);
	void *(*worker_new)(void *ctx, struct err *e);
	void (*worker_free)(void *scratch);
	void (*close)(void *ctx);
};

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MIX_ENCODE_H
#define MIX_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

struct docs;
struct err;
struct run;
struct textcodec;

struct encode_options {
	bool eod; /* each document ends in the codec's end_text */
	/* Numbers of metadata that .docs keeps, where a document has them. */
	const char *const *keep;
	size_t nkeep;
};

/*
 * Documents to a token shard at `prefix`, in their order, encoded by
 * r->opt->threads threads.  ERR_ARG if the codec has no end_text to end them.
 * A document without a token of text is dropped, rule "empty".  Adds documents
 * and tokens to r->extra.
 *
 * The shard is whole when this returns 0; on an error there is none.
 */
int encode_shard(struct docs *in, const struct textcodec *codec,
    const struct encode_options *o, const char *prefix, struct run *r,
    struct err *e);

#endif

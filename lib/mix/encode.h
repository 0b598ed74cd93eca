/* SPDX-License-Identifier: MIT */
#ifndef MIX_ENCODE_H
#define MIX_ENCODE_H

#include <stdbool.h>

struct docs;
struct err;
struct run;
struct textcodec;

/*
 * Documents to a token shard at `prefix`, in their order, encoded by
 * r->opt->threads threads.  eod: each document ends in the codec's end_text;
 * ERR_ARG if it has none.  A document without a token of text is dropped, rule
 * "empty".  Adds documents and tokens to r->extra.
 *
 * The shard is whole when this returns 0; on an error there is none.
 */
int encode_shard(struct docs *in, const struct textcodec *codec, bool eod,
    const char *prefix, struct run *r, struct err *e);

#endif

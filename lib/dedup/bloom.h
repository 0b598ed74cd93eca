/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_BLOOM_H
#define DEDUP_BLOOM_H

#include "dedup/twice.h"

struct buf;
struct docs;
struct docs_ops;
struct err;
struct run;

/*
 * Fill a filter of the keys that come more than once: one pass over the input
 * counts the keys, which says how large it must be for the bound, another adds
 * them.  ops->doc appends a document's keys, 64 bits each, to em->side;
 * ops->fold is not used.  ERR_ARG for a bound that is none.
 */
int bloom_fill(struct twice *t, struct budget *b, double bound, struct docs *in,
    const struct docs_ops *ops, void *ctx, const struct run *r, struct err *e);
/* "\"bloom\":{...}," */
void bloom_stats(const struct twice *t, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SIGNATURES_H
#define DEDUP_SIGNATURES_H

#include <stdbool.h>

#include "base/str.h"

struct docs;
struct err;
struct near;
struct run;

/*
 * Who takes signatures: head is a record for near.docs (dedup/groups.h; its
 * payload: u32 nset, then nband keys of 8 bytes, or for roots the signature),
 * set the document's hashes, ascending, if they were asked for.  Documents come
 * in order; those without shingles don't.
 */
struct signatures_to {
	bool sets;
	int (*take)(void *to, uint64_t place, struct str head, struct str set,
	    struct err *e);
	void *to;
};

/* A pass over the text: signatures.  Fills x->lines. */
int near_signatures(struct near *x, struct docs *in, const struct run *r,
    const struct signatures_to *to, struct err *e);

/* A pass over the text: the sets of x->needed, into x->sets. */
int
near_sets(struct near *x, struct docs *in, const struct run *r, struct err *e);

#endif

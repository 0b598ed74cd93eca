/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_OWNERS_H
#define DEDUP_OWNERS_H

#include <stdint.h>

#include "base/buf.h"
#include "dedup/sorter.h"

struct budget;
struct err;

/*
 * Which document keeps a span of text that several have, as a row of sorts.
 * Documents are numbered by preference: rank 0 is preferred to all others.  Of
 * the ranks that have a span the least owns it, and it is cut out of the
 * others.
 *
 *	whos are filled; owners_rank; spans are filled; owners_find
 *
 * Memory: shares of what the budget has left.
 */
struct owners {
	struct sorter whos;  /* records: who (dedup/groups.h) */
	struct sorter ranks; /* pairs: place, rank */
	struct sorter docs;  /* records: u32 rank, u64 place, id */
	struct sorter spans; /* pairs: hash of a span, rank */
	struct sorter cuts;  /* records: u32 owner, u32 rank, u64 hash */
	struct sorter named; /* records: u32 rank, u64 hash, u32 owner, id */
	struct sorter
	    verdicts; /* records: u64 place, u64 hash, u32 owner, id */
	struct buf record;
	uint64_t distinct; /* spans */
};

#define NO_OWNER UINT32_MAX

void owners_init(struct owners *o, const struct budget *b);
/* Also if all zeros. */
void owners_free(struct owners *o);
/* whos -> ranks, sorted. */
int owners_rank(struct owners *o, struct err *e);
/* spans -> verdicts, sorted: what is cut out of which document, for whom. */
int owners_find(struct owners *o, struct err *e);

#endif

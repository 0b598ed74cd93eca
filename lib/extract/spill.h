/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_SPILL_H
#define EXTRACT_SPILL_H

#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Records sorted by key in bounded memory: those that fit are sorted there and
 * go as a run to a scratch file, and the runs are merged.  Equal keys come in
 * the order they were put in.  Not thread-safe.
 */
struct spill;

struct spill_key {
	uint64_t v[3];
};

/* memory: bytes that the records may take; more go to disk.  NULL: no memory.
 */
struct spill *spill_new(size_t memory);
void spill_free(struct spill *s);
int spill_put(struct spill *s, const struct spill_key *k, struct str bytes,
    struct err *e);
/* No more is put in; spill_next() may be called. */
int spill_sort(struct spill *s, struct err *e);
/* The next in order: 1, or 0 at the end.  bytes live until the next call. */
int spill_next(
    struct spill *s, struct spill_key *k, struct str *bytes, struct err *e);

#endif

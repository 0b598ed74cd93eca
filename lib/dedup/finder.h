/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_FINDER_H
#define DEDUP_FINDER_H

#include "base/buf.h"
#include "dedup/budget.h"
#include "dedup/parts.h"
#include "dedup/repeats.h"

/* What a part has: pieces of text of n bytes, which follow (dedup/repeats.h).
 */
struct finder_piece {
	uint64_t place, anchor, n; /* the anchor is the key */
};

/* n windows at a place stand first at from. */
struct finder_span {
	uint64_t place, from, n;
};

/* All zeros but the limit of its own budget.  One a thread. */
struct finder {
	struct budget budget;
	struct buf spans; /* of struct finder_span: what finder_part() found */
	/* Private. */
	struct repeats repeats;
	struct part_reader in;
	struct finder_piece head;
	struct buf piece;
};

/* Find the windows of a part that stand elsewhere in it before. */
int finder_part(struct finder *f, const struct parts *parts, size_t part,
    size_t width, struct err *e);
void finder_free(struct finder *f);

#endif

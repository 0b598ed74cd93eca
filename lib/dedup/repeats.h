/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_REPEATS_H
#define DEDUP_REPEATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct budget;
struct err;

/*
 * Where a window (a run of `width` bytes) stands first, among the pieces of
 * text that are put in.  A piece of n windows has width - 1 + n bytes, none of
 * them 0xff, and stands at a place; its window i stands at that place + i.
 * Its key is such that equal windows stand in pieces of one key, and never
 * twice in a piece.
 *
 * Equal pieces are kept once.  Of the distinct ones those that share their key
 * with another have their suffixes sorted, so that equal windows stand in a
 * row.
 *
 * Memory, charged to the budget: a byte a byte of distinct pieces, 40 to 60 a
 * piece; for those that share a key 5 more a byte and 8 a window.  At most
 * 2 GiB of distinct pieces.  One thread.
 * Source: Lee et al., Deduplicating training data makes language models better
 * (2022), 4.1; the suffix array: Mori, libdivsufsort.
 */
struct piece {
	uint64_t least; /* the place where it stands first */
	uint64_t key;
	uint32_t at;     /* in the text */
	uint32_t window; /* the number of its first one, or NO_WINDOW */
};

#define NO_WINDOW UINT32_MAX

struct repeats {
	struct budget *budget;
	size_t width;
	/* Private. */
	char *text; /* of all distinct pieces, */
	struct piece *pieces;
	uint32_t *table; /* 1 + number of a piece; open addressing */
	size_t ntext, text_cap, npiece, piece_cap, mask;
	struct keyed_piece *shared; /* those that share a key */
	char *sorted;               /* their text */
	int32_t *suffixes;          /* of that */
	uint64_t *first; /* by window: the place where it stands first */
	size_t nshared, nsorted, nwindow;
};

void repeats_init(struct repeats *r, struct budget *b, size_t width);
void repeats_free(struct repeats *r);
int repeats_add(struct repeats *r, uint64_t place, uint64_t key,
    struct str piece, struct err *e);
/* With all pieces in. */
int repeats_find(struct repeats *r, struct err *e);
/*
 * After that, for a piece that was put in: *least is where it stands first, and
 * where its window i does is [i] of what is returned; NULL if for all that is
 * *least + i.
 */
const uint64_t *
repeats_of(const struct repeats *r, struct str piece, uint64_t *least);

#endif

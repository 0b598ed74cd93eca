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
 *
 * Equal pieces are kept once.  The suffixes of the distinct ones are sorted,
 * so that equal windows stand in a row.
 *
 * Memory, charged to the budget: 5 to 6 bytes a byte of distinct pieces, 8 a
 * window and 20 to 30 a piece; at most 2 GiB of distinct pieces.
 * One thread.
 * Source: Lee et al., Deduplicating training data makes language models better
 * (2022), 4.1; the suffix array: Mori, libdivsufsort.
 */
struct piece {
	uint64_t least;  /* the place where it stands first */
	uint32_t at;     /* in the text */
	uint32_t window; /* the number of its first one */
};

struct repeats {
	struct budget *budget;
	size_t width;
	/* Private. */
	char *text;
	struct piece *pieces;
	uint32_t *table; /* 1 + number of a piece; open addressing */
	int32_t *suffixes;
	uint64_t *first; /* by window: the place where it stands first */
	size_t ntext, text_cap, npiece, piece_cap, mask, nwindow;
};

void repeats_init(struct repeats *r, struct budget *b, size_t width);
void repeats_free(struct repeats *r);
int
repeats_add(struct repeats *r, uint64_t place, struct str piece, struct err *e);
/* With all pieces in. */
int repeats_find(struct repeats *r, struct err *e);
/*
 * After that, for a piece that was put in: where its window i stands first is
 * [i].  NULL if it was not put in.
 */
const uint64_t *repeats_of(const struct repeats *r, struct str piece);

#endif

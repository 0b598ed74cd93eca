/* SPDX-License-Identifier: MIT */
/* Votes on many blocks at once against walks from root to leaf. */
#include "../tap.h"
#include "base/hash.h"
#include "extract/feature.h"
#include "extract/forest.h"
#include "extract/select.h"

enum { ROWS = 3000 };

/* Small, large, negative numbers, and thresholds themselves. */
static int32_t
number(uint64_t r)
{
	switch (r % 5) {
	case 0:
		return (int32_t)(r >> 8 & 7);
	case 1:
		return (int32_t)(r >> 8 & 1023);
	case 2:
		return forest_block.node[r >> 8 & 255].threshold;
	case 3:
		return (int32_t)(r >> 32);
	default:
		return r & 256 ? INT32_MAX : INT32_MIN;
	}
}

static int
wrong(void)
{
	int32_t x[FEATURES][FOREST_ROWS], row[FEATURES], sum[FOREST_ROWS];
	uint64_t seed = 1;
	int i, k, r, bad = 0;

	for (i = 0; i < ROWS / FOREST_ROWS; i++) {
		for (k = 0; k < FEATURES; k++)
			for (r = 0; r < FOREST_ROWS; r++)
				x[k][r] = number(mix64(++seed));
		forest_votes((const int32_t(*)[FOREST_ROWS])x, sum);
		for (r = 0; r < FOREST_ROWS; r++) {
			for (k = 0; k < FEATURES; k++)
				row[k] = x[k][r];
			bad += sum[r] != forest_vote(&forest_block, 0, row);
		}
	}
	return bad;
}

int
main(void)
{
	forest_init();
	forest_init(); /* the second does nothing */
	OK(wrong() == 0, "votes on many blocks are those on each");
	OK(forest_kind.classes == PAGE_KINDS, "a class a kind");
	OK(forest_probability(0) == FOREST_ONE / 2, "even odds");
	OK(forest_probability(INT32_MAX) + forest_probability(-INT32_MAX) ==
		FOREST_ONE,
	    "odds and their contrary");
	return tap_end();
}

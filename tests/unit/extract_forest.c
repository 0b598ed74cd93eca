/* SPDX-License-Identifier: MIT */
/* Votes on many blocks at once against walks from root to leaf. */
#include "../tap.h"
#include "base/hash.h"
#include "extract/feature.h"
#include "extract/forest.h"
#include "extract/select.h"

enum { ROWS = 3000, COLUMNS = FEATURES + CONTEXT_FEATURES };

/* Small, large, negative numbers, and thresholds themselves. */
static int32_t
number(const struct forest *f, uint64_t r)
{
	switch (r % 5) {
	case 0:
		return (int32_t)(r >> 8 & 7);
	case 1:
		return (int32_t)(r >> 8 & 1023);
	case 2:
		return f->node[r >> 8 & 255].threshold;
	case 3:
		return (int32_t)(r >> 32);
	default:
		return r & 256 ? INT32_MAX : INT32_MIN;
	}
}

static int
wrong(enum forest_of_blocks which, const struct forest *f)
{
	int32_t x[COLUMNS][FOREST_ROWS], row[COLUMNS], sum[FOREST_ROWS];
	uint64_t seed = 1;
	int i, k, r, bad = 0;

	for (i = 0; i < ROWS / FOREST_ROWS; i++) {
		for (k = 0; k < COLUMNS; k++)
			for (r = 0; r < FOREST_ROWS; r++)
				x[k][r] = number(f, mix64(++seed));
		forest_votes(which, (const int32_t(*)[FOREST_ROWS])x, sum);
		for (r = 0; r < FOREST_ROWS; r++) {
			for (k = 0; k < COLUMNS; k++)
				row[k] = x[k][r];
			bad += sum[r] != forest_vote(f, 0, row);
		}
	}
	return bad;
}

int
main(void)
{
	forest_init();
	forest_init(); /* the second does nothing */
	OK(wrong(FOREST_BLOCK, &forest_block) == 0 &&
		wrong(FOREST_CONTEXT, &forest_context) == 0,
	    "votes on many blocks are those on each");
	OK(forest_kind.classes == PAGE_KINDS, "a class a kind");
	OK(forest_probability(0) == FOREST_ONE / 2, "even odds");
	OK(forest_probability(INT32_MAX) + forest_probability(-INT32_MAX) ==
		FOREST_ONE,
	    "odds and their contrary");
	return tap_end();
}

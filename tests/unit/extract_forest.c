/* SPDX-License-Identifier: MIT */
/* The forests' votes against a plain walk from root to leaf. */
#include "../tap.h"
#include "base/hash.h"
#include "extract/feature.h"
#include "extract/forest.h"
#include "extract/select.h"

enum { ROWS = 3000 };

static int32_t
walk(const struct forest *f, int class, const int32_t *x)
{
	int32_t sum = 0;
	int t, at;

	for (t = class; t < f->trees; t += f->classes) {
		for (at = f->root[t]; at >= 0;) {
			const struct forest_node *n = &f->node[at];

			at = n->child[x[n->feature] > n->threshold];
		}
		sum += f->leaf[~at];
	}
	return sum;
}

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
wrong(const struct forest *f)
{
	int32_t x[FEATURES];
	uint64_t seed = 1;
	int i, k, bad = 0;

	for (i = 0; i < ROWS; i++) {
		for (k = 0; k < FEATURES; k++)
			x[k] = number(mix64(++seed));
		for (k = 0; k < f->classes; k++)
			bad += forest_vote(f, k, x) != walk(f, k, x);
	}
	return bad;
}

int
main(void)
{
	forest_init();
	forest_init(); /* the second does nothing */
	OK(wrong(&forest_block) == 0, "votes on blocks");
	OK(wrong(&forest_kind) == 0, "votes on kinds");
	OK(forest_kind.classes == PAGE_KINDS, "a class a kind");
	OK(forest_probability(0) == FOREST_ONE / 2, "even odds");
	OK(forest_probability(INT32_MAX) + forest_probability(-INT32_MAX) ==
		FOREST_ONE,
	    "odds and their contrary");
	return tap_end();
}

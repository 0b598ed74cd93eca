/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"
#include "extract/forest.h"

int32_t
forest_vote(const struct forest *f, int class, const int32_t *x)
{
	const struct forest_node *n;
	int32_t sum = 0;
	int t, at;

	for (t = class; t < f->trees; t += f->classes) {
		at = f->root[t];
		while (at >= 0) {
			n = &f->node[at];
			at = n->child[x[n->feature] > n->threshold];
		}
		sum += f->leaf[~at];
	}
	return sum;
}

/*
 * Many rows at a time ----------------------------------------------------
 *
 * A tree's leaves are bits, the leftmost the lowest.  Where a node's test
 * fails, the leaves to its left can't be reached; when all nodes have been
 * asked, in any order, the leaf is the lowest bit that is left.  So there are
 * no branches, and one node is asked for all rows at once.
 */
enum { MAX_TREES = 128, MAX_LEAVES = 32 };

struct test {
	int32_t threshold;
	uint16_t feature, tree;
	uint32_t keep; /* leaves that x > threshold leaves */
};

static struct tests {
	struct test test[MAX_TREES * MAX_LEAVES];
	int32_t leaf[MAX_TREES][MAX_LEAVES];
	int ntest, ntree;
} tests_of[FORESTS_OF_BLOCKS];

/* Leaves below a node from number `first` on; how many. */
static int
add_tests(
    struct tests *all, const struct forest *f, int at, int tree, int first)
{
	struct test *t;
	int left, right;

	assert(first < MAX_LEAVES);
	if (at < 0) {
		all->leaf[tree][first] = f->leaf[~at];
		return 1;
	}
	t = &all->test[all->ntest++];
	*t = (struct test){ f->node[at].threshold,
		(uint16_t)f->node[at].feature, (uint16_t)tree, 0 };
	left = add_tests(all, f, f->node[at].child[0], tree, first);
	right = add_tests(all, f, f->node[at].child[1], tree, first + left);
	t->keep = ~(((1u << left) - 1) << first);
	return left + right;
}

/* By feature, so that its values are at hand. */
static int
by_feature(const void *a, const void *b)
{
	const struct test *x = a, *y = b;

	if (x->feature != y->feature)
		return x->feature < y->feature ? -1 : 1;
	return x->tree < y->tree ? -1 : x->tree > y->tree;
}

static void
prepare(struct tests *all, const struct forest *f)
{
	int t;

	assert(f->trees <= MAX_TREES && f->classes == 1);
	for (t = 0; t < f->trees; t++)
		add_tests(all, f, f->root[t], t, 0);
	qsort(all->test, (size_t)all->ntest, sizeof(*all->test), by_feature);
	all->ntree = f->trees;
}

void
forest_init(void)
{
	if (tests_of[0].ntree)
		return;
	prepare(&tests_of[FOREST_BLOCK], &forest_block);
	prepare(&tests_of[FOREST_CONTEXT], &forest_context);
}

typedef int32_t lanes
    __attribute__((vector_size(FOREST_ROWS * sizeof(int32_t))));

SIMD static void
ask(const struct tests *all, lanes *alive, const int32_t x[][FOREST_ROWS])
{
	const struct test *t = all->test, *end = t + all->ntest;
	lanes v;

	for (; t < end; t++) {
		memcpy(&v, x[t->feature], sizeof(v));
		alive[t->tree] &= (v <= t->threshold) | (int32_t)t->keep;
	}
}

void
forest_votes(enum forest_of_blocks which, const int32_t x[][FOREST_ROWS],
    int32_t sum[FOREST_ROWS])
{
	const struct tests *all = &tests_of[which];
	lanes alive[MAX_TREES];
	int t, r;

	memset(alive, 0xff, (size_t)all->ntree * sizeof(*alive));
	ask(all, alive, x);
	memset(sum, 0, FOREST_ROWS * sizeof(*sum));
	for (t = 0; t < all->ntree; t++)
		for (r = 0; r < FOREST_ROWS; r++)
			sum[r] +=
			    all->leaf[t][__builtin_ctz((uint32_t)alive[t][r])];
}

/*
 * 65536 / (1 + exp(-i / 2)) for i = 0 to 16, by whose chords the curve is
 * drawn: libm's exp() may differ from machine to machine.
 */
static const int32_t curve[] = { 32768, 40793, 47911, 53581, 57724, 60565,
	62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500,
	65514 };

int32_t
forest_probability(int32_t odds)
{
	enum { STEP = FOREST_ONE / 2, STEPS = sizeof(curve) / sizeof(*curve) };
	int64_t a = odds < 0 ? -(int64_t)odds : odds, p;
	int64_t i = a / STEP;

	if (i >= STEPS - 1)
		p = curve[STEPS - 1];
	else
		p = curve[i] + (curve[i + 1] - curve[i]) * (a % STEP) / STEP;
	return (int32_t)(odds < 0 ? FOREST_ONE - p : p);
}

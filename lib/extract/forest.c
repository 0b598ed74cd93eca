/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "extract/forest.h"

/*
 * A forest as it is walked: nodes of eight bytes, the right child behind the
 * left, and leaves that lead to themselves.  So as many steps as the deepest of
 * LANES trees has levels bring all of them to their leaves, without a branch
 * that depends on x.  A class's trees are sorted by depth, and filled up with
 * empty ones.
 */
enum { LANES = 6, MAX_NODES = 32768, MAX_GROUPS = 256, MAX_CLASSES = 16 };

struct step {
	int32_t threshold;
	uint16_t left, feature;
};

struct pack {
	struct step step[MAX_NODES];
	int32_t leaf[MAX_NODES];
	unsigned n;
	struct group {
		uint16_t root[LANES];
		int depth;
	} group[MAX_GROUPS];
	int end[MAX_CLASSES + 1]; /* groups of class c: [end[c], end[c + 1]) */
};

static struct pack blocks, kinds;

static void
pack_leaf(struct pack *k, unsigned at, int32_t value)
{
	k->step[at] = (struct step){ INT32_MAX, (uint16_t)at, 0 };
	k->leaf[at] = value;
}

/* The tree below a node, to step `at`; how deep it is. */
static int
pack_tree(struct pack *k, const struct forest *f, int node, unsigned at)
{
	const struct forest_node *n = &f->node[node];
	unsigned left = k->n;
	int a, b;

	if (node < 0) {
		pack_leaf(k, at, f->leaf[~node]);
		return 0;
	}
	k->n += 2;
	assert(k->n <= MAX_NODES);
	k->step[at] =
	    (struct step){ n->threshold, (uint16_t)left, (uint16_t)n->feature };
	a = pack_tree(k, f, n->child[0], left);
	b = pack_tree(k, f, n->child[1], left + 1);
	return 1 + (a > b ? a : b);
}

/* Depths of trees grow within a class, so that a group's are about alike. */
static void
sort_class(int *depth, uint16_t *root, int n)
{
	int i, j;

	for (i = 1; i < n; i++)
		for (j = i; j > 0 && depth[j - 1] > depth[j]; j--) {
			int d = depth[j];
			uint16_t r = root[j];

			depth[j] = depth[j - 1];
			root[j] = root[j - 1];
			depth[j - 1] = d;
			root[j - 1] = r;
		}
}

static int
pack_class(struct pack *k, const struct forest *f, int class, int groups)
{
	int depth[MAX_GROUPS * LANES], n = 0, t, i;
	uint16_t root[MAX_GROUPS * LANES];

	for (t = class; t < f->trees; t += f->classes, n++) {
		assert(n < MAX_GROUPS * LANES);
		root[n] = (uint16_t)k->n++;
		depth[n] = pack_tree(k, f, f->root[t], root[n]);
	}
	sort_class(depth, root, n);
	for (i = 0; i < n; i += LANES, groups++) {
		struct group *g = &k->group[groups];

		assert(groups < MAX_GROUPS);
		for (t = 0; t < LANES; t++) /* step 0 is an empty tree */
			g->root[t] = i + t < n ? root[i + t] : 0;
		g->depth = depth[i + LANES < n ? i + LANES - 1 : n - 1];
	}
	return groups;
}

static void
pack(struct pack *k, const struct forest *f)
{
	int c;

	assert(f->classes <= MAX_CLASSES);
	if (k->n)
		return;
	pack_leaf(k, k->n++, 0);
	for (c = 0; c < f->classes; c++)
		k->end[c + 1] = pack_class(k, f, c, k->end[c]);
}

void
forest_init(void)
{
	pack(&blocks, &forest_block);
	pack(&kinds, &forest_kind);
}

static inline unsigned
take(const struct step *s, unsigned at, const int32_t *x)
{
	return s[at].left + (x[s[at].feature] > s[at].threshold);
}

static int32_t
vote(const struct pack *k, const struct group *g, const int32_t *x)
{
	const struct step *s = k->step;
	unsigned a = g->root[0], b = g->root[1], c = g->root[2];
	unsigned d = g->root[3], e = g->root[4], f = g->root[5];
	int i;

	for (i = g->depth; i > 0; i--) {
		a = take(s, a, x);
		b = take(s, b, x);
		c = take(s, c, x);
		d = take(s, d, x);
		e = take(s, e, x);
		f = take(s, f, x);
	}
	return k->leaf[a] + k->leaf[b] + k->leaf[c] + k->leaf[d] + k->leaf[e] +
	       k->leaf[f];
}

int32_t
forest_vote(const struct forest *f, int class, const int32_t *x)
{
	const struct pack *k = f == &forest_block ? &blocks : &kinds;
	int32_t sum = 0;
	int i;

	for (i = k->end[class]; i < k->end[class + 1]; i++)
		sum += vote(k, &k->group[i], x);
	return sum;
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

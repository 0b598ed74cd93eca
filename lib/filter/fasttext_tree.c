/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "filter/fasttext_best.h"
#include "filter/fasttext_score.h"

enum { TREE_DEPTH = 4096, TURNS = 32 };

/* More than what best_log() adds to a probability, and rounds by: the logarithm
 * of a leaf may be above its parent's by so much a node. */
#define ROUNDING 2e-5f

/* A node and the logarithm of its probability. */
struct branch {
	int32_t node;
	float log;
};

static float
logistic(float x)
{
	return (float)(1 / (1 + exp(-(double)x)));
}

/* How likely the right child of a node is. */
static float
right_of(const struct fasttext *f, const float *hidden, int32_t node)
{
	return logistic(
	    fasttext_dot_row(&f->out, node - f->nlabels, hidden, false));
}

/* A node on the way to a likely leaf, and how likely its right child is. */
struct turn {
	int32_t node;
	float right;
};

/*
 * The leaf that the likelier child at each node leads to, a good one: the
 * logarithm of its probability.  turns: the first nodes on the way to it.
 */
static float
likely_leaf(const struct fasttext *f, const float *hidden, struct branch b,
    struct turn turns[TURNS])
{
	const struct fasttext_node *t;
	size_t n = 0;
	float right;

	for (; (t = &f->tree[b.node])->left >= 0; n++) {
		right = right_of(f, hidden, b.node);
		if (n < TURNS)
			turns[n] = (struct turn){ b.node, right };
		if (right > 1 - right)
			b = (struct branch){ t->right,
				b.log + best_log(right) };
		else
			b = (struct branch){ t->left,
				b.log + best_log(1 - right) };
	}
	if (n < TURNS)
		turns[n].node = -1;
	return b.log;
}

/* Push a child unless all of its leaves are worse than least: log x <= x - 1.
 */
static size_t
push_child(struct branch *stack, size_t depth, struct branch parent,
    int32_t child, float p, float least)
{
	if (parent.log + (p - 1) < least)
		return depth;
	stack[depth] = (struct branch){ child, parent.log + best_log(p) };
	return depth + 1;
}

/*
 * A walk, the left child first, that leaves out what is worse than the k-th so
 * far, or than a leaf that is known if one leaf is sought.  Each step pushes at
 * most one node more than it takes; a tree deeper than the stack would take
 * more labels than counts can make.
 */
size_t
fasttext_walk_tree(const struct fasttext *f, const float *hidden, size_t k,
    struct fasttext_guess *v)
{
	struct branch stack[TREE_DEPTH], b = { 2 * f->nlabels - 2, 0 };
	struct turn turns[TURNS] = { { -1, 0 } };
	float slack = ROUNDING * (float)f->nlabels;
	float least =
	    k == 1 ? likely_leaf(f, hidden, b, turns) - slack : -INFINITY;
	size_t depth = 1, n = 0, turn = 0;

	stack[0] = b;
	while (depth) {
		const struct fasttext_node *t;
		float p;

		b = stack[--depth];
		t = &f->tree[b.node];
		if (b.log < least || (n == k && b.log < v[0].p))
			continue;
		if (t->left < 0) {
			best_insert(v, &n, k, (size_t)b.node, b.log);
			continue;
		}
		if (depth + 2 > TREE_DEPTH)
			continue;
		p = turn < TURNS && turns[turn].node == b.node
			? turns[turn++].right
			: right_of(f, hidden, b.node);
		depth = push_child(stack, depth, b, t->right, p, least);
		depth = push_child(stack, depth, b, t->left, 1 - p, least);
	}
	return n;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "filter/fasttext_best.h"
#include "filter/fasttext_score.h"

enum { TREE_DEPTH = 4096 };

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

/* Both children of a branch. */
static void
part(const struct fasttext *f, const float *hidden, struct branch b,
    struct branch *left, struct branch *right)
{
	const struct fasttext_node *t = &f->tree[b.node];
	float p = logistic(
	    fasttext_dot_row(&f->out, b.node - f->nlabels, hidden, false));

	*left = (struct branch){ t->left, b.log + best_log(1 - p) };
	*right = (struct branch){ t->right, b.log + best_log(p) };
}

/* The leaf that the likelier child at each node leads to: a good one. */
static float
likely_leaf(const struct fasttext *f, const float *hidden, struct branch b)
{
	struct branch left, right;

	while (f->tree[b.node].left >= 0) {
		part(f, hidden, b, &left, &right);
		b = right.log > left.log ? right : left;
	}
	return b.log;
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
	float least = k == 1 ? likely_leaf(f, hidden, b) : -INFINITY;
	size_t depth = 0, n = 0;

	stack[depth++] = b;
	while (depth) {
		b = stack[--depth];
		if (b.log < least || (n == k && b.log < v[0].p))
			continue;
		if (f->tree[b.node].left < 0) {
			best_insert(v, &n, k, (size_t)b.node, b.log);
			continue;
		}
		if (depth + 2 > TREE_DEPTH)
			continue;
		part(f, hidden, b, &stack[depth + 1], &stack[depth]);
		depth += 2;
	}
	return n;
}

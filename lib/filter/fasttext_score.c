/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/simd.h"
#include "filter/fasttext_best.h"
#include "filter/fasttext_score.h"

enum {
	BLOCK = 16, /* labels side by side */
	ABREAST = 4 /* blocks that are summed up together */
};

typedef float floats
    __attribute__((vector_size(4 * BLOCK), aligned(4), may_alias));
typedef int32_t ints
    __attribute__((vector_size(4 * BLOCK), aligned(4), may_alias));

static size_t
blocks_of(const struct fasttext *f)
{
	return ((size_t)f->nlabels + BLOCK - 1) / BLOCK;
}

size_t
fasttext_score_room(const struct fasttext *f)
{
	return blocks_of(f) * BLOCK;
}

/* fastText's table of the logistic function, from -8 to 8, by formula. */
static void
make_steps(struct fasttext *f)
{
	int i;

	for (i = 0; i <= FASTTEXT_STEPS; i++)
		f->steps[i] =
		    (float)(1.0 /
			    (1.0 +
				exp(-((double)(i * 16) / FASTTEXT_STEPS - 8))));
}

/* (blocks, dim, BLOCK), zeros behind the last label. */
int
fasttext_score_open(struct fasttext *f, struct err *e)
{
	size_t n, dim = (size_t)f->dim, label, k;
	float *to;

	if (f->loss == LOSS_HS)
		return 0;
	make_steps(f);
	if (f->out.quantised)
		return 0;
	if (!num_mul(fasttext_score_room(f), dim, &n) ||
	    !(f->blocks = calloc(n, sizeof(*f->blocks))))
		return err_nomem(e, "a model");
	for (label = 0; label < (size_t)f->nlabels; label++) {
		to = f->blocks + label / BLOCK * dim * BLOCK + label % BLOCK;
		for (k = 0; k < dim; k++)
			memcpy(to + k * BLOCK,
			    f->out.data + 4 * (label * dim + k), 4);
	}
	return 0;
}

void
fasttext_score_close(struct fasttext *f)
{
	free(f->blocks);
	f->blocks = NULL;
}

/*
 * n blocks, ABREAST at most.  A label's terms are added in the order of the
 * vector, as fastText does: where it takes the logistic function from a table,
 * a sum's last bit may turn a step of it.
 */
static inline __attribute__((always_inline)) void
sum_blocks(const float *w, const float *x, size_t dim, size_t n, float *to)
{
	floats sum[ABREAST] = { 0 };
	size_t k, b;

	for (k = 0; k < dim; k++)
#pragma GCC unroll 4
		for (b = 0; b < n; b++)
			sum[b] +=
			    x[k] * *(const floats *)(w + (b * dim + k) * BLOCK);
	for (b = 0; b < n; b++)
		*(floats *)(to + b * BLOCK) = sum[b];
}

SIMD static void
sum_all_blocks(const struct fasttext *f, const float *x, float *to)
{
	size_t n = blocks_of(f), dim = (size_t)f->dim, b;
	const float *w = f->blocks;

	for (b = 0; b + ABREAST <= n; b += ABREAST)
		sum_blocks(
		    w + b * dim * BLOCK, x, dim, ABREAST, to + b * BLOCK);
	for (; b < n; b++)
		sum_blocks(w + b * dim * BLOCK, x, dim, 1, to + b * BLOCK);
}

static float
step_of(const struct fasttext *f, float x)
{
	if (!(x >= -8))
		return 0;
	if (x > 8)
		return 1;
	return f->steps[(int)((x + 8) * FASTTEXT_STEPS / 8 / 2)];
}

/* 1.5 * 2^23: what is added to it is rounded to a whole number. */
#define ROUNDER 12582912.0f

/*
 * v: e^(v - max), whose argument is not above 0, to 1e-7 of itself: 2^n e^r
 * with |r| <= ln 2 / 2.  Below -87 it is that of -87. Source: Cody and Waite
 * 1980, Software Manual for the Elementary Functions, chapter 6; a Taylor
 * polynomial.
 */
static inline __attribute__((always_inline)) void
exp_block(float *v, float max)
{
	floats x = *(floats *)v - max, n, r, y;
	ints low = x < -87.0f;

	x = (floats)(((ints)x & ~low) | ((ints)((floats){ 0 } - 87.0f) & low));
	n = x * 1.44269504f + ROUNDER;
	r = n - ROUNDER;
	r = (x - r * 0.693359375f) + r * 2.12194440e-4f;
	y = r * (1.0f / 5040) + 1.0f / 720;
	y = y * r + 1.0f / 120;
	y = y * r + 1.0f / 24;
	y = y * r + 1.0f / 6;
	y = y * r + 0.5f;
	y = y * r * r + r + 1;
	/* The last bits of n are those of the whole number. */
	*(floats *)v = (floats)((ints)y + ((ints)n << 23));
}

SIMD static void
exp_all(float *v, size_t blocks, float max)
{
	size_t b;

	for (b = 0; b < blocks; b++)
		exp_block(v + b * BLOCK, max);
}

/* The largest of all blocks. */
SIMD static float
largest(const float *v, size_t blocks)
{
	floats max = *(const floats *)v;
	size_t b, i;
	float most;

	for (b = 1; b < blocks; b++) {
		floats x = *(const floats *)(v + b * BLOCK);
		ints more = x > max;

		max = (floats)(((ints)x & more) | ((ints)max & ~more));
	}
	for (most = max[0], i = 1; i < BLOCK; i++)
		most = max[i] > most ? max[i] : most;
	return most;
}

/* To e^(v - the largest); returns their sum, added up in order as fastText
 * does. */
static float
softmax(float *v, size_t n, size_t blocks)
{
	float sum = 0;
	size_t i;

	exp_all(v, blocks, largest(v, blocks));
	for (i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

/* Scores of all labels into s->output; a probability is a score / the result.
 */
static float
score_labels(const struct fasttext *f, struct fasttext_scratch *s)
{
	size_t n = (size_t)f->nlabels, i;
	float scale = 1;

	if (f->blocks)
		sum_all_blocks(f, s->hidden, s->output);
	for (i = 0; !f->blocks && i < n; i++)
		s->output[i] =
		    fasttext_dot_row(&f->out, (int64_t)i, s->hidden, true);
	for (i = n; i < fasttext_score_room(f); i++)
		s->output[i] = -INFINITY;
	if (f->loss == LOSS_SOFTMAX)
		scale = softmax(s->output, n, blocks_of(f));
	for (i = 0; f->loss != LOSS_SOFTMAX && i < n; i++)
		s->output[i] = step_of(f, s->output[i]);
	return scale;
}

static size_t
best_labels(const struct fasttext *f, struct fasttext_scratch *s, size_t k,
    struct fasttext_guess *v)
{
	float scale = score_labels(f, s), max, least;
	size_t labels = (size_t)f->nlabels, i, n = 0;

	max = largest(s->output, blocks_of(f));
	least = k == 1 ? best_least(best_log(max / scale)) * scale : -1;
	for (i = 0; i < labels; i++) {
		if (s->output[i] < least)
			continue;
		best_insert(v, &n, k, i, best_log(s->output[i] / scale));
		if (n == k && k > 1)
			least = best_least(v[0].p) * scale;
	}
	return n;
}

size_t
fasttext_score(const struct fasttext *f, struct fasttext_scratch *s, size_t k,
    struct fasttext_guess *v)
{
	size_t n = f->loss == LOSS_HS ? fasttext_walk_tree(f, s->hidden, k, v)
				      : best_labels(f, s, k, v);

	best_sort(v, n);
	return n;
}

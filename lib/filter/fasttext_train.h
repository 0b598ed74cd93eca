/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_TRAIN_H
#define FILTER_FASTTEXT_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "filter/fasttext.h"

struct buf;
struct err;
struct out;

/*
 * Trains models of fastText's supervised family: the rows of a text's words,
 * character and word n-grams are averaged, and a softmax or a tree of logistic
 * decisions over the labels follows.
 *
 * Gradient steps are taken for FASTTEXT_BATCH texts at a time, from the weights
 * before them, and added in the texts' order: the same model for any number of
 * threads.  Texts come in a random order that the seed gives.
 *
 * Source: Joulin et al. 2016, "Bag of Tricks for Efficient Text
 * Classification", section 2.
 */
enum { FASTTEXT_BATCH = 16 };

struct fasttext_train_opts {
	int dim, epochs, min_count, word_ngrams, minn, maxn, bucket;
	double lr;
	bool hs; /* hierarchical softmax */
	uint64_t seed;
	int threads;
};

struct fasttext_train;

/* NULL when memory is out. */
struct fasttext_train *fasttext_train_new(void);
void fasttext_train_free(struct fasttext_train *t);
/*
 * One text with its label, both copied.  ERR_FORMAT: a label with white space
 * or zeros in it.
 */
int fasttext_train_add(
    struct fasttext_train *t, struct str text, struct str label, struct err *e);
/*
 * Call once.  The model lives as long as t.  ERR_FORMAT: fewer than two labels;
 * ERR_ARG: an option out of range.
 */
int fasttext_train_run(struct fasttext_train *t,
    const struct fasttext_train_opts *o, const struct fasttext **f,
    struct err *e);
/* The model as a .bin of version 12. */
int fasttext_train_write(
    const struct fasttext_train *t, struct out *out, struct err *e);

#endif

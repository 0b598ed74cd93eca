/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_TRAIN_H
#define FILTER_NGRAM_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "filter/ngram.h"

struct buf;
struct err;
struct out;

/*
 * Trains a language model of n-grams: modified Kneser-Ney smoothing,
 * interpolated, with a discount for counts of 1, 2 and more of each order.
 * Shorter n-grams count by the different words before them; those that begin a
 * sentence as often as they are met.  An n-gram met at most prune[order - 1]
 * times is left out; the probability that it had goes to backing off.
 *
 * The ARPA file is what KenLM's lmplz writes: n-grams sorted by their last
 * word, then the one before it, words numbered as they first came.
 *
 * Source: Chen and Goodman, "An Empirical Study of Smoothing Techniques for
 * Language Modeling" (1998), section 3, equations 24 to 26; Heafield et al.,
 * "Scalable Modified Kneser-Ney Language Model Estimation" (2013).
 */
struct ngram_train_opts {
	unsigned order;
	uint64_t prune[NGRAM_ORDER_MAX]; /* not falling; of words 0 */
	bool fallback;   /* discounts of .5, 1, 1.5 where counts give none */
	uint64_t memory; /* bytes for counts; the vocabulary has a half at most
			  */
	int threads;
};

struct ngram_train;

/*
 * Set o->prune, for o->order, from "0,0,1": the last holds for what is longer;
 * NULL: nothing is pruned.  ERR_ARG.
 */
int
ngram_train_prune(struct ngram_train_opts *o, const char *list, struct err *e);
/* ERR_ARG for options that cannot be. */
int ngram_train_new(
    struct ngram_train **t, const struct ngram_train_opts *o, struct err *e);
void ngram_train_free(struct ngram_train *t);
/*
 * Sentences, a line each, words parted by white space; the last line has its
 * end.  The words <s>, </s> and <unk> are passed over.  ERR_NOMEM: more
 * different words than half the memory holds.
 */
int ngram_train_add(struct ngram_train *t, struct str lines, struct err *e);
/*
 * Call once.  Appends what it found to info, members of a JSON object with a
 * comma behind each.  ERR_FORMAT: there is too little text, or of a kind that
 * no discounts follow from.
 */
int ngram_train_write(
    struct ngram_train *t, struct out *out, struct buf *info, struct err *e);

#endif

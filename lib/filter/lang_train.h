/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_TRAIN_H
#define FILTER_LANG_TRAIN_H

#include <stdint.h>

#include "base/str.h"

struct err;
struct langid;

/*
 * Trains language models.  A text counts for the script that most of its
 * letters belong to; each script has a model of its own, of the languages with
 * at least LANG_TRAIN_LEAST texts in it, the LANG_CLASSES with the most.
 *
 * Multinomial logistic regression over hashed n-grams by stochastic gradient
 * steps, one text a step, each row with its own adaptive rate; most texts of
 * over LANG_TRAIN_SHORT words are cut to a random run of their words, so that
 * short texts are told as well.  Weights are rounded to a byte at the end.
 *
 * Source: Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask
 * Learning"; Duchi et al. 2011, "Adaptive Subgradient Methods".
 */
enum { LANG_TRAIN_LEAST = 30, LANG_TRAIN_SHORT = 4 };

struct lang_train_opts {
	unsigned epochs;
	double lr;
	uint64_t seed;
	int threads;
};

struct lang_train;

/* NULL when memory is out. */
struct lang_train *lang_train_new(void);
void lang_train_free(struct lang_train *t);
/*
 * One text in the language that code names.  A text without letters is left
 * out.  ERR_FORMAT: no such code.  Keeps 4 bytes or so for each n-gram.
 */
int lang_train_add(
    struct lang_train *t, struct str text, struct str code, struct err *e);
/* Call once.  The same model for any number of threads.  ERR_FORMAT: too little
 * text to train on. */
int lang_train_run(struct lang_train *t, const struct lang_train_opts *o,
    struct langid **m, struct err *e);

#endif

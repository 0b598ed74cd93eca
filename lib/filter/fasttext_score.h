/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_SCORE_H
#define FILTER_FASTTEXT_SCORE_H

/* Labels from the average of a text's rows. */

#include "filter/fasttext_model.h"

/*
 * Lay the output out in blocks of labels, and make the steps of the logistic
 * function; a tree needs neither.  ERR_NOMEM.
 */
int fasttext_score_open(struct fasttext *f, struct err *e);
void fasttext_score_close(struct fasttext *f);

/*
 * The k best labels of s->hidden, the best first, into v (room for k + 1);
 * returns how many.  s->output has room for fasttext_score_room() floats.
 */
size_t fasttext_score(const struct fasttext *f, struct fasttext_scratch *s,
    size_t k, struct fasttext_guess *v);
size_t fasttext_score_room(const struct fasttext *f);
/* The same by a tree, neither sorted nor as probabilities (fasttext_best.h). */
size_t fasttext_walk_tree(const struct fasttext *f, const float *hidden,
    size_t k, struct fasttext_guess *v);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_BEST_H
#define FILTER_FASTTEXT_BEST_H

/*
 * The k best labels as a heap, the least of them first, by the logarithm of
 * their probability.  Of equals one would do as well as the other; which stays,
 * and in what order, is as with fastText's heap.
 */

#include "filter/fasttext.h"

/* Of a probability, as fastText takes it. */
float best_log(float p);
/* A probability below this has a lower best_log() than log. */
float best_least(double log);
/* v has room for k + 1, of which *n are there. */
void best_insert(
    struct fasttext_guess *v, size_t *n, size_t k, size_t label, float log);
/* The best first, as probabilities of 7 digits; no heap any more. */
void best_sort(struct fasttext_guess *v, size_t n);

#endif

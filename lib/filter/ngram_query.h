/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_QUERY_H
#define FILTER_NGRAM_QUERY_H

#include <stdbool.h>

#include "filter/ngram.h"

struct paths;

/*
 * Score the lines of text files, each a sentence, in order.  For each a line of
 *
 *	log10 of its probability, perplexity, words with its end, unknown words
 *
 * parted by tabs; or with words, for each word and the end a line of
 *
 *	length of the n-gram found, log10, word
 *
 * and a blank one behind each sentence.  ERR_FORMAT for a line of over 256 MiB.
 */
int ngram_query(const struct ngram *m, const struct paths *paths, bool words,
    int threads, struct out *out, struct err *e);

#endif

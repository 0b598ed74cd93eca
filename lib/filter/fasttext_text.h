/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_TEXT_H
#define FILTER_FASTTEXT_TEXT_H

/* From a text to the rows of the input that stand for it, and their average. */

#include "filter/fasttext_model.h"

uint32_t fasttext_hash_bytes(struct str s);

/* Appends to the scratch; s->failed where memory is out. */
/* The ids of a word's rows; does it count for word n-grams? */
bool fasttext_push_word(const struct fasttext *f, struct fasttext_scratch *s,
    struct str word, uint32_t hash);
void
fasttext_push_ids(struct fasttext_scratch *s, const int32_t *ids, size_t n);
/* A word that counts for n-grams. */
void fasttext_push_hash(struct fasttext_scratch *s, uint32_t hash);
/* The ids of all n-grams of those words. */
void fasttext_push_ngrams(const struct fasttext *f, struct fasttext_scratch *s);

/* n rows are added up in s->hidden: to their average. */
void
fasttext_divide(const struct fasttext *f, struct fasttext_scratch *s, size_t n);

/*
 * s->hidden: the average of the text's rows; s->nrow: how many there are.
 * s->cache keeps words that were met.  With in_order all rows are added in
 * their order, else word by word, which is the same up to rounding; neither
 * depends on what the cache holds.
 */
void fasttext_average_cached(const struct fasttext *f,
    struct fasttext_scratch *s, struct str text, bool in_order);
/* Room for words; false when memory is out. */
bool fasttext_cache_open(
    const struct fasttext *f, struct fasttext_scratch *s, bool in_order);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_H
#define FILTER_FASTTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Text classifiers that fastText's supervised mode trains: bags of words,
 * character and word n-grams; .bin and quantised .ftz, versions 11 and 12;
 * softmax, hierarchical softmax, one against all and negative sampling.
 * Labels and probabilities are those of the fasttext program to 1e-5.
 *
 * A text is parted at the white space of ASCII; all of it is one line, with the
 * end-of-line word </s> behind it.
 *
 * Source: Joulin et al. 2016, "Bag of Tricks for Efficient Text
 * Classification"; 2016, "FastText.zip"; the layout of the files is that of
 * fastText 0.9.2.
 */
struct fasttext;

/* Reads a model; path "-" is stdin.  ERR_FORMAT: it is none, or cut short. */
int fasttext_load(struct fasttext **f, const char *path, struct err *e);
/* The same from memory, which has to last as long as f. */
int fasttext_parse(struct fasttext **f, struct str bytes, struct err *e);
/* The same; p is freed with f, at once if it is no model. */
int fasttext_take(struct fasttext **f, char *p, size_t n, struct err *e);
void fasttext_free(struct fasttext *f);

size_t fasttext_labels(const struct fasttext *f);
/* Without __label__. */
struct str fasttext_label(const struct fasttext *f, size_t i);

/* One label and its probability, 0..1. */
struct fasttext_guess {
	size_t label;
	double p;
};

/* Scratch of one thread and one model, all zeros at first. */
struct fasttext_scratch {
	int32_t *ids, *hashes;
	float *hidden, *output;
	char *cache; /* of words: 1 + cached */
	size_t cached;
	size_t nid, id_cap, nhash, hash_cap;
	size_t nrow; /* rows of the text */
	int failed;
};
void fasttext_scratch_free(struct fasttext_scratch *s);

/*
 * The best labels, at most k, the best first, into guesses (room for
 * k + 1); *n gets how many:
 * 0 for a text of which the model knows nothing.  ERR_NOMEM.  Thread-safe with
 * a scratch a thread.
 */
int fasttext_guess(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, size_t k, struct fasttext_guess *guesses, size_t *n,
    struct err *e);

#endif

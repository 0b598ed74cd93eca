/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LM_TEXT_H
#define FILTER_LM_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "filter/ngram.h"
#include "io/textcodec.h"

struct err;

/* A tokenizer whose tokens are the words of a language model. */
struct lm_pieces {
	struct textcodec codec;
	struct str *names; /* by id: the token as a word, without white space */
	/* A token that says only that there is none: its word is what stands
	 * there.  UINT32_MAX: there is no such. */
	uint32_t unknown;
	/* Append what stands at each such token of the text, NUL behind each.
	 */
	int (*spell)(void *ctx, void *scratch, struct str text,
	    struct buf *words, struct err *e);
};

/* How a text becomes sentences of words. */
struct lm_text {
	bool normal;   /* ccnet_text() first, of a sentence's text */
	bool document; /* the text is one sentence; else each of its lines */
	const struct lm_pieces *pieces; /* or NULL: words stand between white
					   space */
};

/* A thread's; all zeros at first. */
struct lm_scratch {
	const struct lm_pieces *pieces; /* that codec is a worker of */
	void *codec;
	struct buf low, plain, unknown;
	struct ids ids;
};
void lm_scratch_free(struct lm_scratch *s);

/* The words of the tokens, by id; the caller frees it. */
int lm_pieces_words(const struct lm_pieces *p, const struct ngram *m,
    uint32_t **words, struct err *e);
/*
 * Append the text's sentences to row; words is lm_pieces_words() of the same
 * model, or NULL without a tokenizer.  An empty text has no sentence; nor has
 * one that is empty when normalised, if it is a sentence by itself.
 */
int lm_text_row(const struct lm_text *t, struct lm_scratch *s,
    const struct ngram *m, const uint32_t *words, struct str text,
    struct ngram_row *row, struct err *e);
/* Append them as lines, words parted by a space, to out. */
int lm_text_lines(const struct lm_text *t, struct lm_scratch *s,
    struct str text, struct buf *out, struct err *e);

/* To one digit behind the point, as CCNet writes perplexities; at most 1e15. */
double lm_rounded(double perplexity);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_UNIGRAM_LEARN_H
#define TOKENIZER_UNIGRAM_LEARN_H

#include "tokenizer/bpe.h"
#include "tokenizer/learn.h"
#include "tokenizer/learn_memory.h"
#include "tokenizer/words.h"

/*
 * Unigram training on counted words.  All substrings that occur twice, up to 16
 * characters, are pieces at first; EM gives them probabilities, and a fourth of
 * them goes, those whose loss costs the likelihood least, until the vocabulary
 * is small enough.  Of the characters all but the rarest (0.05 % of the text)
 * stay as pieces; others are written as bytes, so that any text comes back.
 *
 * Expected counts are added up as whole numbers of 2^-24, and words are taken
 * in the order of their bytes: the result is the same for any threads.
 * Source: Kudo, "Subword regularization" (2018), section 3.2; Kurihara and
 * Sato, "An introduction of the variational Bayesian method" (2006), for the
 * digamma function in the M step, as SentencePiece has it.
 *
 * Ids: <unk>, special tokens, 256 bytes, pieces by falling score.  ERR_ARG if
 * these and the characters don't fit in opts->vocab, or the tables in
 * opts->memory.
 */
int unigram_learn(struct bpe *b, const struct words *w,
    const struct learn_opts *opts, int threads, struct err *e);

/* ---- between the files that do it ---- */

enum {
	UNIGRAM_LONGEST = 16, /* characters of a piece */
	UNIGRAM_WORD = 128,   /* bytes of a word, a longer one is cut */
	UNIGRAM_SEEDS = 1000000,
};

struct unigram_word {
	struct str s;
	uint64_t n;
};

struct unigram_piece {
	struct str s;
	double score; /* a count at first, then a logarithm */
	bool keep;    /* a character */
};

/* What is learnt from, and what has been learnt. */
struct unigram_state {
	struct unigram_word *words; /* by their bytes */
	size_t nword;
	uint64_t total; /* of words */
	struct unigram_piece *pieces;
	size_t npiece;
	int threads;
	struct learn_memory memory;
};

/* The words of w, cut between characters where they are too long. */
int
unigram_words(struct unigram_state *u, const struct words *w, struct err *e);
/* The first pieces. */
int unigram_seed(struct unigram_state *u, struct err *e);
/* What has been learnt, with the tokens that all such models have, into b. */
int unigram_vocabulary(struct bpe *b, const struct unigram_state *u,
    const struct learn_opts *opts, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TRAIN_H
#define TOKENIZER_TRAIN_H

#include <stdint.h>

#include "tokenizer/learn.h"
#include "tokenizer/texts.h"

struct err;
struct run;

/* Texts to a tokenizer: count their pieces (count.h), learn merges (learn.h).
 */
struct train_opts {
	const char *pattern; /* a name or a regex (pretok.h) */
	unsigned unicode;    /* pretok_unicode() */
	uint64_t vocab;      /* ids in all, special tokens included */
	bool unigram;        /* unigram_learn.h in place of learn.h */
	bool chars;          /* BPE over characters (learn.h) */
	uint64_t alphabet;   /* most characters of it; 0: all */
	struct str initial;  /* characters that are sure to be in it */
	enum learn_ties ties;
	uint64_t min_count;
	uint32_t max_len; /* 0: no limit */
	const struct str *specials;
	size_t nspecial;
};

struct train_stats {
	uint64_t pieces, distinct; /* counted */
};

/*
 * Fill b, which is empty.  The result depends on texts and opts only.
 * r->opt->memory bounds the tables of distinct pieces: they are counted by way
 * of $TMPDIR beyond it, but learning takes them all, and its own tables beside
 * them (ERR_ARG).
 */
int bpe_train(struct bpe *b, struct texts *in, const struct train_opts *opts,
    struct run *r, struct train_stats *stats, struct err *e);
/*
 * The two halves by way of files (wordfile.h): count texts into r->out, and
 * learn from the sum of such files.  opts->pattern may be NULL for the latter:
 * the files name it.
 */
int bpe_count(struct texts *in, const struct train_opts *opts, struct run *r,
    struct train_stats *stats, struct err *e);
int bpe_train_counts(struct bpe *b, const struct paths *files,
    const struct train_opts *opts, struct run *r, struct train_stats *stats,
    struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LEARN_H
#define TOKENIZER_LEARN_H

#include <stdint.h>

#include "tokenizer/bpe.h"
#include "tokenizer/words.h"

struct err;
struct progress;

/*
 * BPE training on counted words.  The most frequent pair of neighbours is
 * merged, over and over; pairs are counted by overlapping windows ("aaa" has
 * two) and merged from left to right.  Of equally frequent pairs comes first:
 */
enum learn_ties {
	LEARN_HF,            /* that with the smallest (left id, right id) */
	LEARN_RAW,           /* the same with ids in byte order: see below */
	LEARN_FIRST,         /* that which the text, merged so far, has first */
	LEARN_LEXICOGRAPHIC, /* that with the greatest (left, right) bytes */
};

/*
 * Ids of LEARN_HF: special tokens in the order given, the 256 bytes in the
 * order of the byte-level alphabet, then what merges make.  Of the others: byte
 * b has the id b, merges make 256, 257, ..., then special tokens.  A merge
 * whose bytes are a token already gives that token's id.
 *
 * Source: RAW is rustbpe (nanochat), FIRST minbpe and tiktoken's educational
 * code, LEXICOGRAPHIC subword-nmt (whose rule takes the greatest).
 *
 * HF is exactly what Hugging Face's BpeTrainer does, oddities included, save
 * that counts are 64 bits wide: the pairs of "aaa" are counted as two; a
 * merged pair's own count stays as it was; a pair met again after its merge
 * (which takes such a reused id) is merged, and listed, once more.
 * Source: Sennrich et al. 2016, section 3.2; the tokenizers library for the
 * order of ties.
 */
struct learn_opts {
	enum learn_ties ties;
	uint32_t vocab;     /* ids in all */
	uint64_t min_count; /* pairs seen less often are not merged */
	uint32_t max_len;   /* bytes of a token; 0: no limit */
	const struct str *specials;
	size_t nspecial;
	/*
	 * Tokens are made of characters, not bytes (LEARN_HF only): each that
	 * occurs gets a token, at most `alphabet` of them (0: no limit) and
	 * those of `initial` first; max_len counts characters; others, when
	 * encoding, are written as bytes.
	 */
	bool chars;
	size_t alphabet;
	struct str initial;
	/* What may be in use at once, the words counted included; 0: all. */
	uint64_t memory;
	struct progress *progress; /* ticks merges, or NULL */
};

/*
 * Fill b, which is empty, and empty w, for the memory's sake.  LEARN_FIRST
 * takes the words' order in w for that of the text: they were added as the text
 * has them.  It may end with fewer tokens than asked for when no pair is left.
 * ERR_ARG if the alphabet doesn't fit in vocab, or the tables in opts->memory.
 */
int bpe_learn(struct bpe *b, struct words *w, const struct learn_opts *opts,
    struct err *e);

#endif

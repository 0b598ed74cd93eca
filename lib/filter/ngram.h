/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_H
#define FILTER_NGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct out;

/*
 * Language models of n-grams with back-off: the probability of a word given up
 * to order - 1 words before it.  Read from
 *
 *	ARPA	text, as it is, gzip or zstd
 *	KenLM	binary files of version 5: probing hash tables, and tries,
 *plain, quantised, with compressed pointers; used in place (mmap)
 *
 * Probabilities and sums are those of KenLM, bit for bit: single precision,
 * back-offs added from the shortest history to the longest.
 * Source: Heafield, "KenLM: Faster and Smaller Language Model Queries" (2011),
 * sections 2 and 3; the ARPA format as in ngram-format(5) of SRILM.
 */
struct ngram;

enum {
	NGRAM_ORDER_MAX = 10,
	NGRAM_UNKNOWN = 0,        /* the word <unk> of every model */
	NGRAM_BEGIN = UINT32_MAX, /* in a row of words: a sentence begins */
};

/*
 * ERR_FORMAT names the file and the byte.  A file of KenLM that is not
 * compressed is mapped: it must not be cut short while it is in use.
 */
int ngram_load(struct ngram **m, const char *path, struct err *e);
/* The same, for ngram_write(): the words of an ARPA file are kept. */
int ngram_load_all(struct ngram **m, const char *path, struct err *e);
/* From bytes in memory, which stay the caller's and outlive it. */
int ngram_parse(struct ngram **m, struct str bytes, struct err *e);
void ngram_free(struct ngram *m);

/* "arpa", "probing", "trie", "trie -q", "trie -a", "trie -q -a" */
const char *ngram_kind(const struct ngram *m);
unsigned ngram_order(const struct ngram *m);
/* How many n-grams of that order, from 1. */
uint64_t ngram_count(const struct ngram *m, unsigned order);
/* NGRAM_UNKNOWN for a word that the model lacks. */
uint32_t ngram_word(const struct ngram *m, struct str word);
/* The word </s>, with which sentences end. */
uint32_t ngram_end(const struct ngram *m);

/*
 * As a binary file of KenLM (probing, multiplier 1.5), the very bytes that its
 * build_binary writes.  ERR_ARG unless the model came from ngram_load_all() of
 * an ARPA file.
 */
int ngram_write(const struct ngram *m, struct out *out, struct err *e);

/* Words in a row, sentence by sentence; and what came out.  All zeros at first.
 */
struct ngram_row {
	uint32_t *words; /* NGRAM_BEGIN, words, ngram_end(), NGRAM_BEGIN, ... */
	size_t n, cap;
	float *logs;      /* by word, to base 10; 0 at NGRAM_BEGIN */
	uint8_t *lengths; /* of the longest n-gram that was found, by word */
	size_t out_cap;
};

/* What parts words: white space of ASCII, and NUL. */
static inline bool
ngram_is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* Append; ERR_NOMEM. */
int ngram_row_add(struct ngram_row *r, uint32_t word, struct err *e);
/*
 * Append what stands between white space in a line as a sentence: its
 * beginning, words and end.
 */
int ngram_row_line(
    const struct ngram *m, struct ngram_row *r, struct str line, struct err *e);
void ngram_row_free(struct ngram_row *r);
/*
 * Fill logs and lengths.  A history never reaches beyond the sentence.  Looks
 * up many words at a time, so that memory's latency is hidden.  ERR_FORMAT: the
 * model holds a probability that is no number.  Thread-safe with a row a
 * thread.
 */
int ngram_score(const struct ngram *m, struct ngram_row *r, struct err *e);
/*
 * The sum of the logarithms, each sentence's in single precision as KenLM adds
 * them up, and how many words that were, ends of sentences among them.
 */
double ngram_sum(const struct ngram_row *r, uint64_t *words);
/* 10^(-sum / words) */
double ngram_perplexity(double sum, uint64_t words);

#endif

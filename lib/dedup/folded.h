/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_FOLDED_H
#define DEDUP_FOLDED_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * A text's words in a form that wrapping, case and punctuation don't change,
 * as hashes, and where they stand.
 *
 * A word is a run of letters and numbers, each in its compatibility form
 * without case and marks (NFKC_Casefold, marks removed): "Ca<U+0301>fe" is
 * "cafe".  An apostrophe of any shape within a word counts for nothing: don't,
 * don<U+2019>t and dont are one word; so does what Unicode says to ignore, as
 * the soft hyphen.  An ideograph and a letter of kana is a word of its own.
 * Source: Unicode Standard Annex 15 (normalization forms), 3.13 of the Unicode
 * Standard (caseless matching).
 */
struct folded {
	size_t n;        /* words */
	uint64_t *sums;  /* n + 1: polynomial of the hashes of words before */
	uint32_t *start; /* bytes of the text: word i is start[i]..end[i] */
	uint32_t *end;
	/* Private. */
	size_t cap;
};

/* One a thread, all zeros at first.  text: valid UTF-8, under 4 GiB. */
int folded_of(struct folded *f, struct str text, struct err *e);
void folded_free(struct folded *f);

/* The factor of folded_gram() for runs of n words. */
uint64_t folded_power(size_t n);
/*
 * The hash of the n words from word i, never 0: the same for the same words in
 * any text, and, but for a chance of about 2^-60, for no others.
 */
static inline uint64_t
folded_sum(const struct folded *f, size_t i, size_t n, uint64_t power)
{
	return f->sums[i + n] - f->sums[i] * power;
}
uint64_t
folded_gram(const struct folded *f, size_t i, size_t n, uint64_t power);

#endif

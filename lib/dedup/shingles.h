/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SHINGLES_H
#define DEDUP_SHINGLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/text/words.h"
#include "dedup/hashset.h"

struct err;

/* What a shingle is a run of. */
enum unit {
	UNIT_WORDS,  /* plain words (base/text/words.h) */
	UNIT_TOKENS, /* tokens (there) of the simple form (dedup/simple.h) */
	UNIT_JOINED, /* the same, hashed as datatrove does */
	UNIT_CHARS,  /* letters and numbers of the lower-cased text */
	UNIT_POINTS, /* code points */
};

/*
 * The set of a text's shingles: its runs of nword units, which below are called
 * words, each hashed to 64 bits.  A text of fewer words, but at least one, has
 * one shingle: all of them; a text without words has none.
 *
 * For UNIT_JOINED a shingle's hash is the XXH64 of its tokens with a blank
 * between, and a text of too few tokens has none.  Otherwise:
 *
 * A shingle's hash is mix64() of the polynomial, modulo 2^64, of its words'
 * hashes (rolled from one shingle to the next).  Two different shingles have
 * the same one by a chance of about 2^-60.
 * Source: Broder, On the resemblance and containment of documents (1997), 2.
 */
struct shingles {
	uint64_t *v; /* the set: distinct, in order of first occurrence */
	size_t n;
	/* Private. */
	enum unit unit;
	size_t cap, nword;
	size_t seen, at;
	uint64_t sum;
	uint64_t power; /* the factor of the word that leaves the window */
	uint64_t *ring;
	struct hashset table;
	struct buf low, simple, joined;
	struct tokens tokens;
};

/* One a thread. nword >= 1. */
int
shingles_init(struct shingles *s, enum unit unit, size_t nword, struct err *e);
void shingles_free(struct shingles *s);
/* Fill s->v, s->n from text (valid UTF-8). */
int shingles_of(struct shingles *s, struct str text, struct err *e);
/* Put the set in ascending order. */
void shingles_sort(struct shingles *s);
/* The same for equal sets, whatever the order they stand in. */
struct hash128 shingles_key(const struct shingles *s);

/*
 * |a and b| / |a or b| of two ascending sets, not both empty, if that is at
 * least least; else some number below least.  Gives up as soon as too many
 * elements are found missing.
 */
double jaccard(
    const uint64_t *a, size_t na, const uint64_t *b, size_t nb, double least);

#endif

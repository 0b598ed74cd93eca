/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_TRAIN_IMPL_H
#define FILTER_NGRAM_TRAIN_IMPL_H

/* Between ngram_count.c, ngram_smooth.c and ngram_train.c. */

#include "base/buf.h"
#include "filter/ngram_sort.h"
#include "filter/ngram_train.h"

enum { WORD_UNKNOWN, WORD_BEGIN, WORD_END };

/* A count that was pruned. */
static const uint64_t NGRAM_PRUNED = (uint64_t)1 << 63;

/* Words by number, and their numbers by hash. */
struct ngram_vocab {
	struct buf text; /* NUL behind each */
	uint64_t *at;    /* where each begins in it */
	size_t n, cap;
	uint32_t *table; /* number + 1, 0: empty */
	size_t mask;
};

int ngram_vocab_add(
    struct ngram_vocab *v, struct str word, uint32_t *id, struct err *e);
uint64_t ngram_vocab_bytes(const struct ngram_vocab *v);
void ngram_vocab_free(struct ngram_vocab *v);
static inline const char *
ngram_vocab_word(const struct ngram_vocab *v, uint32_t id)
{
	return v->text.p + v->at[id];
}

/* Of an order, before pruning but for kept. */
struct ngram_stats {
	uint64_t with[5]; /* n-grams with that adjusted count */
	uint64_t n, kept;
	float discount[4]; /* of a count, 3 and more alike */
};

struct ngram_train {
	struct ngram_train_opts o;
	struct ngram_vocab vocab;
	struct ngram_sort counts; /* of the longest: last word first */
	uint64_t sentences, words;
	struct ngram_stats stats[NGRAM_ORDER_MAX];
	uint64_t *unigrams; /* adjusted counts, by word */
	/*
	 * By order - 1, from pairs on.  By context: its words from the last to
	 * the first, the n-gram's last word: adjusted count.  By end: words
	 * from the last to the first: probability, weight of the shorter one.
	 */
	struct ngram_sort by_context[NGRAM_ORDER_MAX];
	struct ngram_sort by_end[NGRAM_ORDER_MAX];
	/* By order - 1: contexts of that order, from the last word, ascending:
	 * weight of what is shorter. */
	struct ngram_sort weights[NGRAM_ORDER_MAX];
};

/* The sorted counts into by_context, unigrams and stats. */
int ngram_adjust(struct ngram_train *t, struct err *e);
/* Discounts of every order from its stats. */
int ngram_discounts(struct ngram_train *t, struct err *e);
/* by_context into by_end and weights. */
int ngram_smooth(struct ngram_train *t, struct err *e);

static inline uint64_t
ngram_pack(float a, float b)
{
	uint32_t v[2];

	__builtin_memcpy(v, &a, 4);
	__builtin_memcpy(v + 1, &b, 4);
	return v[0] | (uint64_t)v[1] << 32;
}

static inline void
ngram_unpack(uint64_t payload, float *a, float *b)
{
	uint32_t v[2] = { (uint32_t)payload, (uint32_t)(payload >> 32) };

	__builtin_memcpy(a, v, 4);
	__builtin_memcpy(b, v + 1, 4);
}

#endif

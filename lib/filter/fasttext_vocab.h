/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_VOCAB_H
#define FILTER_FASTTEXT_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Strings and how often each was met, for fasttext_train.c. */
struct fasttext_count {
	struct str s;
	int64_t count;
	uint32_t first; /* its number, in the order of first meeting */
};

/* All zeros at first. */
struct fasttext_vocab {
	struct fasttext_count *v;
	size_t n, cap;
	uint32_t *slots; /* 1 + index into v; 0: free */
	size_t mask;     /* of slots, a power of two less 1 */
	struct arena names;
	bool failed; /* memory was out */
};

/* Counts s, which is copied; returns its number. */
uint32_t fasttext_vocab_add(struct fasttext_vocab *v, struct str s);
/* The most frequent first, then the first met; no fasttext_vocab_add() after.
 */
void fasttext_vocab_sort(struct fasttext_vocab *v);
void fasttext_vocab_free(struct fasttext_vocab *v);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_COUNT_H
#define TOKENIZER_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "tokenizer/pretok.h"
#include "tokenizer/texts.h"
#include "tokenizer/word_runs.h"
#include "tokenizer/words.h"

/*
 * Count the pieces of all texts: the first half of training.  The counts are
 * the same for any number of threads and any memory.
 */
struct counted {
	struct words words;    /* all, or, where memory doesn't hold them, */
	struct word_runs runs; /* none, and all are here */
};

/*
 * in->seams is set by the pattern.  memory: bytes that the tables may take, 0:
 * no limit; beyond it they go to $TMPDIR.  ordered: words are to stand in the
 * order of the text, for which r has one thread; ERR_ARG beyond memory.
 * c is empty, and on an error again.
 */
int words_count(struct counted *c, struct texts *in, const struct pretok *pt,
    uint64_t memory, bool ordered, struct run *r, struct err *e);
/* Each word in order of bytes; ends c. */
int counted_each(struct counted *c, word_take *take, void *ctx, struct err *e);
/* The words in memory, as a list if they were not; ERR_ARG beyond `memory`. */
int counted_words(
    struct counted *c, struct words *w, uint64_t memory, struct err *e);
void counted_free(struct counted *c);

#endif

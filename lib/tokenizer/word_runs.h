/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_WORD_RUNS_H
#define TOKENIZER_WORD_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "tokenizer/words.h"

struct err;

/*
 * Counts that memory doesn't hold: tables written, in order of their words'
 * bytes, to nameless files in $TMPDIR, and read back all at once.  All zeros is
 * none.  Not thread-safe.
 */
enum { WORD_RUNS = 64 /* files; that many are merged into one */ };

struct word_runs {
	int fds[WORD_RUNS];
	size_t n;
};

/* Takes a word and its count; <0 ends it. */
typedef int word_take(void *ctx, struct str word, uint64_t n, struct err *e);

/* Each word of w in order of bytes. */
int
words_each(const struct words *w, word_take *take, void *ctx, struct err *e);
/* Write w's words out and empty it. */
int word_runs_spill(struct word_runs *r, struct words *w, struct err *e);
/* All words in order, each once with the sum of its counts.  Ends the runs. */
int
word_runs_merge(struct word_runs *r, word_take *take, void *ctx, struct err *e);
void word_runs_free(struct word_runs *r);

#endif

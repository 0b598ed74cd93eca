/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_COUNT_H
#define TOKENIZER_COUNT_H

#include <stdint.h>

#include "tokenizer/pretok.h"
#include "tokenizer/texts.h"
#include "tokenizer/words.h"

/*
 * Count the pieces of all texts: the first half of training.  in->cut is set
 * by the pattern.  The counts are the same for any number of threads.
 * memory: bytes that the tables may take, 0: no limit; ERR_ARG beyond.
 */
int words_count(struct words *w, struct texts *in, const struct pretok *pt,
    uint64_t memory, struct run *r, struct err *e);

#endif

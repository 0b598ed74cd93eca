/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_TOKENS_PHRASES_H
#define BASE_TEXT_TOKENS_PHRASES_H

/* The second pass of tokens_split(); tokens.c and tokens_phrases.c only. */

#include "base/text/words.h"

/* Room for twice the tokens; sets t->failed and returns false without. */
bool tokens_grow(struct tokens *t);
/*
 * Exceptions that the rules have parted in the first pass, since they stood
 * within a chunk, are put right: of those that overlap the longest, then the
 * first, and none whose first or last token belongs to another one tried.
 */
void tokens_join_phrases(struct tokens *t);
void tokens_phrases_free(struct tokens *t);

#endif

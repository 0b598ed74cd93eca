/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_WORDS_H
#define BASE_TEXT_WORDS_H

#include <stdbool.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * Plain words: the maximal runs of letters (\p{L}), numbers (\p{N}) and
 * underscores of the lower-cased text (base/text/lower.h).  Deduplication's
 * profile `plain` shingles these.
 *
 *	struct plain_words w;
 *	struct str word;
 *
 *	if (plain_words_init(&w, text, &scratch, e) < 0) ...
 *	while (plain_words_next(&w, &word)) ...
 *
 * The words point into low, which is cleared first and must stay as it is
 * until the last word has been used.  text is valid UTF-8.  ERR_NOMEM.
 * Thread-safe with a buffer a thread.
 */
struct plain_words {
	const char *p, *end;
};

int plain_words_init(
    struct plain_words *w, struct str text, struct buf *low, struct err *e);
/* False at the end; words are never empty. */
bool plain_words_next(struct plain_words *w, struct str *word);

#endif

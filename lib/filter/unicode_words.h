/* SPDX-License-Identifier: MIT */
#ifndef FILTER_UNICODE_WORDS_H
#define FILTER_UNICODE_WORDS_H

#include <stdbool.h>

#include "base/str.h"

/*
 * A text, valid UTF-8, in pieces: words with what joins their letters and
 * numbers (can't, 3.14), and single other characters.  Set text, then call
 * unicode_words_next() until it is false.  Thread-safe.
 *
 * Source: Unicode Standard Annex #29, "Unicode Text Segmentation", 4.1; which
 * characters are letters follows from general categories and scripts
 * (libutf8proc), so that emoji and a few rare letters may part otherwise.
 */
struct unicode_words {
	struct str text; /* what is left */
};
bool unicode_words_next(struct unicode_words *w, struct str *piece);
/* The next that begins with a letter or number (\p{L}, \p{N}): the same, but
 * in a fraction of the time where there is little beyond ASCII. */
bool unicode_words_begun(struct unicode_words *w, struct str *word);

#endif

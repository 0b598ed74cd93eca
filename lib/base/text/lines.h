/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_LINES_H
#define BASE_TEXT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/text/uni.h"

/*
 * Lines, paragraphs and white space of valid UTF-8.  Nothing here allocates;
 * what is returned points into the text.  Thread-safe.
 */

/*
 * White_Space and the four information separators U+001C..U+001F, which
 * Unicode's bidirectional class B, S or WS makes spaces to Python's
 * str.isspace() as well.
 */
static inline bool
text_is_space(uint32_t cp)
{
	return uni_is_space(cp) || (cp >= 0x1c && cp <= 0x1f);
}
/* Without the white space at its start, its end, both. */
struct str text_lstrip(struct str s);
struct str text_rstrip(struct str s);
struct str text_strip(struct str s);

/*
 * Lines without their ends.  A line ends with LF, CR, CR LF, VT, FF,
 * U+001C..U+001E, U+0085, U+2028 or U+2029 (as in Python's str.splitlines());
 * an end at the very end of the text begins no further line.  Set text, then
 * call text_lines_next() until it is false.
 */
struct text_lines {
	struct str text; /* what is left */
};
bool text_lines_next(struct text_lines *l, struct str *line);

/*
 * The pieces between runs of at least min LFs.  A run at the start or the end
 * gives an empty piece there, an empty text one empty piece.  With min 2 these
 * are paragraphs, with min 1 lines that blank lines don't count among.
 */
struct text_pieces {
	struct str text; /* what is left */
	size_t min;
	bool done;
};
bool text_pieces_next(struct text_pieces *s, struct str *piece);

#endif

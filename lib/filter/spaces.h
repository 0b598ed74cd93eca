/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SPACES_H
#define FILTER_SPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"

/* Is there white space (base/text/lines.h) at p < end?  *len: its bytes, or
 * those of the character. */
static inline bool
space_at(const char *p, const char *end, size_t *len)
{
	static const bool ascii[128] = { ['\t'] = true,
		['\n'] = true,
		['\v'] = true,
		['\f'] = true,
		['\r'] = true,
		[0x1c] = true,
		[0x1d] = true,
		[0x1e] = true,
		[0x1f] = true,
		[' '] = true };

	*len = 1;
	if ((unsigned char)*p < 0x80)
		return ascii[(unsigned char)*p];
	return text_is_space(utf8_get(p, end, len));
}

/* Are there `least` words between white space?  Reads no more than it must. */
static inline bool
has_words(struct str s, uint64_t least)
{
	const char *p = s.p, *end = p + s.n;
	bool inside = false, space;
	uint64_t words = 0;
	size_t len;

	for (; p < end && words < least; p += len, inside = !space) {
		space = space_at(p, end, &len);
		words += !space && !inside;
	}
	return words >= least;
}

/* Does a word begin with the letter or number at p?  *len: its bytes. */
static inline bool
begun_at(const char *p, const char *end, size_t *len)
{
	unsigned c = (unsigned char)*p;

	*len = 1;
	if (c < 0x80)
		return (c | 0x20) - 'a' < 26 || c - '0' < 10;
	return uni_is_word(utf8_get(p, end, len));
}

/* Words that begin with a letter or number; white space is that of ASCII, and
 * NUL.  May stop counting where there are enough. */
uint64_t count_begun(struct str s, uint64_t enough);

#endif

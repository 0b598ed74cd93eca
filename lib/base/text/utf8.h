/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_UTF8_H
#define BASE_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, <= U+10FFFF. */

#ifdef __cplusplus
extern "C" {
#endif
/* Bytes from the start of s up to the first that is not valid UTF-8. */
size_t utf8_valid_prefix(struct str s);
/* Code points in valid UTF-8. */
uint64_t utf8_length(struct str s);
/* Encode cp (a scalar value) into out[4]; returns the bytes written, 1..4. */
size_t utf8_put(char *out, uint32_t cp);
#ifdef __cplusplus
}
#endif

static inline bool
utf8_valid(struct str s)
{
	return utf8_valid_prefix(s) == s.n;
}

/*
 * The code point at p < end in *valid* UTF-8; *len gets its bytes, 1..4.
 * On other input the value is arbitrary but nothing past end is read.
 */
static inline uint32_t
utf8_get(const char *p, const char *end, size_t *len)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t left = (size_t)(end - p);

	if (s[0] < 0x80 || left < 2) {
		*len = 1;
		return s[0];
	}
	if (s[0] < 0xe0 || left < 3) {
		*len = 2;
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	}
	if (s[0] < 0xf0 || left < 4) {
		*len = 3;
		return (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 |
		       (s[2] & 0x3fu);
	}
	*len = 4;
	return (s[0] & 7u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 |
	       (s[3] & 0x3fu);
}

#endif

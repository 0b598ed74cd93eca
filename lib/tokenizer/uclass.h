/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_UCLASS_H
#define TOKENIZER_UCLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

/*
 * What split patterns ask of a character, as one small number, from one
 * table, so that a scanner's step is a load.  Text need not be valid UTF-8: a
 * byte that is no part of a well-formed sequence (RFC 3629) is a character of
 * its own, of class UC_OTHER.
 */
enum uclass {
	UC_OTHER,
	UC_SPACE, /* White_Space */
	UC_NUMBER,
	UC_MARK,
	UC_UPPER,    /* Lu, Lt; letters are the classes from here on */
	UC_LOWER,    /* Ll */
	UC_CASELESS, /* Lm, Lo */
};

enum { UCLASS_TABLE = 0x40000 /* no assigned letter, number or space above */ };

/*
 * Versions of Unicode.  From one to the next code points without a class get
 * one; no other changes.
 */
enum { UNICODE_FIRST = 14, UNICODE_LAST = 16 };

/*
 * UCLASS_TABLE classes by code point in a version of Unicode, 0: the last; made
 * with the first call.  Thread-safe.
 * Source: Unicode Character Database, by uclass.py.
 */
const uint8_t *uclass_table(unsigned version);
/*
 * Append, as a regex writes ranges in a class, the code points of a property
 * (L, Lu, Ll, M, N, P, S) that versions behind `known` have brought; nothing
 * for other properties.
 */
void uclass_newer(struct buf *to, struct str property, unsigned known);
/* Has valid UTF-8 a code point that versions behind `known` have brought? */
bool uclass_has_newer(struct str s, unsigned known);
/* The class of a code point beyond the table. */
unsigned uclass_far(uint32_t cp);

/*
 * The code point of the well-formed sequence at p < end and its bytes in
 * *len; UINT32_MAX and 1 if there is none.
 */
static inline uint32_t
utf8_strict(const uint8_t *p, const uint8_t *end, size_t *len)
{
	size_t left = (size_t)(end - p), n, i;
	uint32_t cp, least;

	*len = 1;
	if (p[0] < 0x80)
		return p[0];
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return UINT32_MAX;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return UINT32_MAX;
	least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return UINT32_MAX;
	*len = n;
	return cp;
}

/* The same of the character that ends at `end` > p. */
static inline uint32_t
utf8_strict_before(const uint8_t *p, const uint8_t *end, size_t *len)
{
	size_t left = (size_t)(end - p), n;
	uint32_t cp;

	for (n = 1; n <= 4 && n <= left; n++) {
		if ((end[-(ptrdiff_t)n] & 0xc0) == 0x80)
			continue;
		cp = utf8_strict(end - n, end, len);
		if (*len == n)
			return cp;
		break;
	}
	*len = 1;
	return UINT32_MAX;
}

/* The class of the character at p < end and its bytes in *len. */
static inline unsigned
uclass_get(
    const uint8_t *table, const uint8_t *p, const uint8_t *end, size_t *len)
{
	uint32_t cp;

	if (p[0] < 0x80) {
		*len = 1;
		return table[p[0]];
	}
	/* Three bytes are most of what isn't ASCII: no loop for them. */
	if (end - p > 2 && (p[0] & 0xf0) == 0xe0 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80) {
		cp = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		if (cp >= 0x800 && (cp & 0xf800) != 0xd800) {
			*len = 3;
			return table[cp];
		}
	}
	cp = utf8_strict(p, end, len);
	return cp < UCLASS_TABLE ? table[cp] : uclass_far(cp);
}

#endif

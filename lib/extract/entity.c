/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "base/text/utf8.h"
#include "extract/entity.h"
#include "extract/field.h"

enum { NAMES = 2125, LAX = 1, STRICT = 2 };

/* Where each name begins in the table. */
static uint16_t starts[NAMES + 1];

void
entity_init(void)
{
	size_t i;

	if (starts[NAMES] || entity_names != NAMES)
		return;
	for (i = 0; i < NAMES; i++)
		starts[i + 1] =
		    (uint16_t)(starts[i] + strlen(entity_table + starts[i]) +
			       1);
}

/* Source: WHATWG Encoding Standard, index windows-1252, 0x80 to 0x9f. */
static const char *const windows_1252[32] = { "\xe2\x82\xac", "",
	"\xe2\x80\x9a", "\xc6\x92", "\xe2\x80\x9e", "\xe2\x80\xa6",
	"\xe2\x80\xa0", "\xe2\x80\xa1", "\xcb\x86", "\xe2\x80\xb0", "\xc5\xa0",
	"\xe2\x80\xb9", "\xc5\x92", "", "\xc5\xbd", "", "", "\xe2\x80\x98",
	"\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\xa2",
	"\xe2\x80\x93", "\xe2\x80\x94", "\xcb\x9c", "\xe2\x84\xa2", "\xc5\xa1",
	"\xe2\x80\xba", "\xc5\x93", "", "\xc5\xbe", "\xc5\xb8" };

const char *
entity_c1(unsigned char c)
{
	return windows_1252[c - 0x80];
}

/* "&#12;", "&#x1f;" */
static size_t
by_number(struct str s, enum entity_mode mode, char *out, size_t *n)
{
	bool hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	size_t first = hex ? 3 : 2, i = first;
	uint32_t v = 0, digit;

	for (; i < s.n; i++) {
		char c = field_lower(s.p[i]);

		digit = field_is_digit(c)             ? (uint32_t)(c - '0')
			: hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
						      : 16;
		if (digit == 16)
			break;
		v = v * (hex ? 16 : 10) + digit;
		v = v < 0x110000 ? v : 0x110000; /* it must not wrap round */
	}
	if (i == first || (mode == ENTITY_XML && (i == s.n || s.p[i] != ';')))
		return 0;
	if (v == 0 || v == 0x110000 || (v >= 0xd800 && v <= 0xdfff))
		v = 0xfffd;
	if (v >= 0x80 && v < 0xa0 && windows_1252[v - 0x80][0]) {
		*n = strlen(windows_1252[v - 0x80]);
		memcpy(out, windows_1252[v - 0x80], *n);
	} else {
		*n = utf8_put(out, v);
	}
	return i + (i < s.n && s.p[i] == ';');
}

/* Of names [lo, hi) alike in their first k bytes, the first whose byte k is
 * at least c; hi if there is none. */
static size_t
bound(size_t lo, size_t hi, size_t k, unsigned char c)
{
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((unsigned char)entity_table[starts[mid] + k] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* May a name end at s.p[i], where there is no semicolon? */
static bool
may_lack(enum entity_mode mode, struct str s, size_t i)
{
	if (mode != ENTITY_ATTRIBUTE)
		return mode == ENTITY_TEXT;
	return i == s.n ||
	       !(s.p[i] == '=' || field_is_digit(s.p[i]) ||
		   (field_lower(s.p[i]) >= 'a' && field_lower(s.p[i]) <= 'z'));
}

/* Names that begin as s does, ever fewer, until one is s. */
static size_t
by_name(struct str s, enum entity_mode mode, char *out, size_t *n)
{
	size_t lo = 0, hi = NAMES, i, used = 0;
	const char *text = NULL;

	for (i = 1;; i++) {
		const char *name = entity_table + starts[lo];

		if (i > 1 && name[i - 1] <= STRICT) { /* a whole name */
			bool closed = i < s.n && s.p[i] == ';';

			if (closed ||
			    (name[i - 1] == LAX && may_lack(mode, s, i))) {
				used = i + closed;
				text = name + i;
			}
			if (closed)
				break;
		}
		if (i == s.n || (unsigned char)s.p[i] <= STRICT)
			break;
		lo = bound(lo, hi, i - 1, (unsigned char)s.p[i]);
		hi = bound(lo, hi, i - 1, (unsigned char)s.p[i] + 1);
		if (lo == hi)
			break;
	}
	if (used) {
		*n = strlen(text);
		memcpy(out, text, *n);
	}
	return used;
}

size_t
entity_read(
    struct str s, enum entity_mode mode, char out[ENTITY_BYTES], size_t *n)
{
	char c = s.n > 2 ? s.p[1] : 0;

	if (c == '#')
		return by_number(s, mode, out, n);
	return c > ' ' && c != '<' && c != '&' ? by_name(s, mode, out, n) : 0;
}

void
entity_decode(struct str s, enum entity_mode mode, struct buf *out)
{
	char text[ENTITY_BYTES];
	const char *amp;
	size_t n, used;

	while (s.n && (amp = memchr(s.p, '&', s.n))) {
		buf_put(out, s.p, (size_t)(amp - s.p));
		s.n -= (size_t)(amp - s.p);
		s.p = amp;
		used = entity_read(s, mode, text, &n);
		if (used)
			buf_put(out, text, n);
		else
			buf_put(out, s.p, used = 1);
		s.p += used;
		s.n -= used;
	}
	buf_str(out, s);
}

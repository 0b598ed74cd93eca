/* SPDX-License-Identifier: MIT */
#include <utf8proc.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"

/* The only two code points whose full mapping is not the simple one. */
enum { I_WITH_DOT = 0x130, CAPITAL_SIGMA = 0x3a3, FINAL_SIGMA = 0x3c2 };

static bool
is_cased(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
		return true;
	default:
		return false;
	}
}

/* Case_Ignorable: what may stand within a word without ending it. */
static bool
is_ignorable(uint32_t cp)
{
	static const uint32_t within[] = { '\'', '.', ':', 0xb7, 0x387, 0x55f,
		0x5f4, 0x2018, 0x2019, 0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55,
		0xff07, 0xff0e, 0xff1a };
	size_t i;

	for (i = 0; i < sizeof(within) / sizeof(*within); i++)
		if (cp == within[i])
			return true;
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_SK:
		return true;
	default:
		return false;
	}
}

/* Start of the code point that ends at p, which is not the text's start. */
static const char *
before(const char *p)
{
	do
		p--;
	while (((unsigned char)*p & 0xc0) == 0x80);
	return p;
}

static bool
cased_before(const char *start, const char *p, const char *end)
{
	size_t len;
	uint32_t cp;

	while (p > start) {
		p = before(p);
		cp = utf8_get(p, end, &len);
		if (!is_ignorable(cp))
			return is_cased(cp);
	}
	return false;
}

static bool
cased_behind(const char *p, const char *end)
{
	size_t len;
	uint32_t cp;

	for (; p < end; p += len) {
		cp = utf8_get(p, end, &len);
		if (!is_ignorable(cp))
			return is_cased(cp);
	}
	return false;
}

/* Bytes that lower case may take: no mapping grows beyond half as much. */
static size_t
room_for(size_t n)
{
	return n + n / 2 + 8;
}

/* Bytes of ASCII at p, lowered to `to`. */
static size_t
lower_ascii(const char *p, size_t n, char *to)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t x, upper;
	size_t i;

	for (i = 0; n - i >= 8; i += 8) {
		memcpy(&x, p + i, 8);
		if (x & ones * 0x80)
			break;
		upper = (x + ones * (0x80 - 'A')) & ~(x + ones * (0x7f - 'Z')) &
			ones * 0x80;
		x |= upper >> 2;
		memcpy(to + i, &x, 8);
	}
	for (; i < n && !(p[i] & 0x80); i++)
		to[i] = (char)(p[i] | (p[i] >= 'A' && p[i] <= 'Z' ? 0x20 : 0));
	return i;
}

int
text_lower(struct str text, struct buf *out, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n;
	char *to = buf_room(out, room_for(text.n)), *start = to;
	size_t len;
	uint32_t cp;

	if (!to)
		return err_nomem(e, "a text");
	while (p < end) {
		len = lower_ascii(p, (size_t)(end - p), to);
		p += len;
		to += len;
		if (p == end)
			break;
		cp = utf8_get(p, end, &len);
		if (cp == I_WITH_DOT) {
			memcpy(to, "i\xcc\x87", 3);
			to += 3;
		} else if (cp == CAPITAL_SIGMA &&
			   cased_before(text.p, p, end) &&
			   !cased_behind(p + len, end)) {
			to += utf8_put(to, FINAL_SIGMA);
		} else {
			to += utf8_put(to, uni_lower(cp));
		}
		p += len;
	}
	out->n += (size_t)(to - start);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <utf8proc.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "dedup/simple.h"

/* What counts as punctuation beyond ASCII. */
static const uint32_t marks[] = { 0xab, 0xb4, 0xbb, 0x2013, 0x2014, 0x2019,
	0x201c, 0x201d, 0x201e, 0x2026, 0x2236, 0x2501, 0x25ba, 0x3001, 0x3002,
	0x3008, 0x3009, 0x300a, 0x300b, 0x300c, 0x300d, 0x3010, 0x3011, 0xff01,
	0xff05, 0xff08, 0xff09, 0xff0c, 0xff0e, 0xff1a, 0xff1b, 0xff1f,
	0xff5e };

/* What parts a number from its fraction. */
static const uint32_t points[] = { '.', ',', 0x60c, 0x66b, 0x2396, 0x2397,
	0x2398 };

enum { MOST = 32 /* code points that one may decompose into */ };

static bool
is_in(uint32_t cp, const uint32_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i] == cp)
			return true;
	return false;
}

/* Becomes a blank. */
static bool
is_blank(uint32_t cp)
{
	if (cp < 0x80)
		return !uni_is_word(cp) || cp == '_';
	return cp < 0xa0 || text_is_space(cp) ||
	       is_in(cp, marks, sizeof(marks) / sizeof(*marks));
}

static bool
is_digit(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= '0' && cp <= '9';
	return uni_class(cp) & UNI_DIGIT;
}

static const char *
skip_digits(const char *p, const char *end)
{
	size_t len;

	for (; p < end && is_digit(utf8_get(p, end, &len)); p += len)
		;
	return p;
}

/* Behind the number at p, or p if there is none. */
static const char *
skip_number(const char *p, const char *end)
{
	const char *whole = skip_digits(p, end), *fraction;
	size_t len;
	uint32_t cp;

	if (whole == p || whole == end)
		return whole;
	cp = utf8_get(whole, end, &len);
	if (!is_in(cp, points, sizeof(points) / sizeof(*points)))
		return whole;
	fraction = skip_digits(whole + len, end);
	return fraction > whole + len ? fraction : whole;
}

/* cp without its accents. */
static void
put_bare(uint32_t cp, struct buf *out)
{
	int boundary = UTF8PROC_BOUNDCLASS_START, i, n;
	utf8proc_int32_t v[MOST];
	char utf8[4];

	if (cp < 0x80) {
		buf_putc(out, (char)cp);
		return;
	}
	n = (int)utf8proc_decompose_char(
	    (utf8proc_int32_t)cp, v, MOST, UTF8PROC_DECOMPOSE, &boundary);
	for (i = 0; i < n && i < MOST; i++)
		if (utf8proc_category(v[i]) != UTF8PROC_CATEGORY_MN)
			buf_put(out, utf8, utf8_put(utf8, (uint32_t)v[i]));
}

/* Behind the letters of ASCII at p. */
static const char *
skip_letters(const char *p, const char *end)
{
	while (p < end && *p >= 'a' && *p <= 'z')
		p++;
	return p;
}

int
simple_form(struct str text, struct buf *low, struct buf *out, struct err *e)
{
	const char *p, *end, *behind;
	bool blank = false;
	size_t len, start = out->n;
	uint32_t cp;

	buf_clear(low);
	if (text_lower(text, low, e) < 0)
		return e->code;
	p = low->p;
	for (end = p + low->n; p < end; p += len) {
		behind = skip_letters(p, end);
		cp = utf8_get(p, end, &len);
		if (behind == p && is_blank(cp)) {
			blank = true;
			continue;
		}
		if (blank && out->n > start)
			buf_putc(out, ' ');
		blank = false;
		if (behind > p) {
			len = (size_t)(behind - p);
			buf_put(out, p, len);
			continue;
		}
		behind = skip_number(p, end);
		len = behind > p ? (size_t)(behind - p) : len;
		put_bare(behind > p ? '0' : cp, out);
	}
	return buf_ok(out, e);
}

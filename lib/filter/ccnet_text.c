/* SPDX-License-Identifier: MIT */
#include "filter/ccnet_text.h"

#include <utf8proc.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"

/* Typographic marks and what stands for them, by code point. */
static const struct {
	uint32_t cp;
	const char *as;
} marks[] = {
	{ 0xab, "\"" },
	{ 0xb4, "'" },
	{ 0xbb, "\"" },
	{ 0x2013, "-" },
	{ 0x2014, " - " },
	{ 0x2019, "'" },
	{ 0x201c, "\"" },
	{ 0x201d, "\"" },
	{ 0x201e, "\"" },
	{ 0x2026, "..." },
	{ 0x2236, ":" },
	{ 0x2501, "-" },
	{ 0x25ba, "-" },
	{ 0x3001, "," },
	{ 0x3002, "." },
	{ 0x3008, "<" },
	{ 0x3009, ">" },
	{ 0x300a, "\"" },
	{ 0x300b, "\"" },
	{ 0x300c, "\"" },
	{ 0x300d, "\"" },
	{ 0x3010, "[" },
	{ 0x3011, "]" },
	{ 0xff01, "!" },
	{ 0xff05, "%" },
	{ 0xff08, "(" },
	{ 0xff09, ")" },
	{ 0xff0c, "," },
	{ 0xff0e, ". " },
	{ 0xff1a, ":" },
	{ 0xff1b, ";" },
	{ 0xff1f, "?" },
	{ 0xff5e, "~" },
};

static const char *
mark(uint32_t cp)
{
	size_t from = 0, to = sizeof(marks) / sizeof(*marks), mid;

	while (from < to) {
		mid = (from + to) / 2;
		if (marks[mid].cp == cp)
			return marks[mid].as;
		if (marks[mid].cp < cp)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* A code point that decomposes no further. */
static void
put_part(struct buf *out, uint32_t cp)
{
	const char *as;
	char c[4];

	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	    utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_MN)
		return;
	if (uni_class(cp) & UNI_DIGIT) {
		buf_putc(out, '0');
		return;
	}
	as = mark(cp);
	if (as)
		buf_puts(out, as);
	else
		buf_put(out, c, utf8_put(c, cp));
}

static void
put_char(struct buf *out, uint32_t cp)
{
	enum { MOST = 8 /* code points that one decomposes into */ };
	utf8proc_int32_t parts[MOST];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(
	    (utf8proc_int32_t)cp, parts, MOST, UTF8PROC_DECOMPOSE, &boundary);
	utf8proc_ssize_t i;

	if (n < 1 || n > MOST) {
		put_part(out, cp);
		return;
	}
	for (i = 0; i < n; i++)
		put_part(out, (uint32_t)parts[i]);
}

int
ccnet_text(struct str text, struct buf *low, struct buf *out, struct err *e)
{
	const char *p, *end;
	size_t len;
	uint32_t cp;
	char *to;

	buf_clear(low);
	if (text_lower(text_strip(text), low, e) < 0)
		return e->code;
	p = low->p;
	end = p + low->n;
	/* ASCII leaves at most as many bytes. */
	if (!buf_room(out, low->n))
		return low->n ? err_nomem(e, "text") : 0;
	while (p < end) {
		to = buf_room(out, (size_t)(end - p));
		if (!to)
			return err_nomem(e, "text");
		for (; p < end && (unsigned char)*p < 0x7f; p++) {
			*to = *p >= '0' && *p <= '9' ? '0' : *p;
			to += (unsigned char)*p >= 0x20;
		}
		out->n = (size_t)(to - out->p);
		if (p == end)
			break;
		cp = utf8_get(p, end, &len);
		put_char(out, cp);
		p += len;
	}
	return buf_ok(out, e);
}

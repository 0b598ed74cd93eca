/* SPDX-License-Identifier: MIT */
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

static bool
is_paren(uint32_t cp)
{
	return cp == '(' || cp == ')' || cp == '[' || cp == ']' || cp == '{' ||
	       cp == '}' || cp == 0x27e8 || cp == 0x27e9;
}

/* Letters, digits, and marks of plain text, as NeMo Curator has them. */
static bool
is_plain_char(uint32_t cp)
{
	return ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') ||
	       (cp >= '0' && cp <= '9') || cp == '\n' || cp == '.' ||
	       cp == ',' || cp == '?' || cp == '!';
}

static bool
in_url(char c)
{
	return (c >= '$' && c <= '_') || (c >= 'a' && c <= 'z') || c == '!';
}

/*
 * Characters in http://... and https://...: bytes, as all are ASCII.
 * Source: NVIDIA-NeMo/Curator, utils/constants.py (there $-_ is a range).
 */
static uint64_t
url_chars(struct str text)
{
	const char *p = text.p, *end = p + text.n, *q, *start;
	uint64_t n = 0;

	for (; p < end && (p = memchr(p, 'h', (size_t)(end - p))); p = q) {
		q = p + 1;
		if (end - p < 8 || memcmp(p, "http", 4) != 0)
			continue;
		start = p + 4 + (p[4] == 's');
		if (end - start < 4 || memcmp(start, "://", 3) != 0 ||
		    !in_url(start[3]))
			continue;
		for (q = start + 3; q < end && in_url(*q);)
			q++;
		n += (uint64_t)(q - p);
	}
	return n;
}

void
meter_chars(struct str text, struct signals *s)
{
	const char *p = text.p, *end = p + text.n;
	uint64_t n = 0, letters = 0, upper = 0, digits = 0, spaces = 0;
	uint64_t plain = 0, parens = 0;
	unsigned class;
	uint32_t cp;
	size_t len;

	for (; p < end; p += len, n++) {
		cp = utf8_get(p, end, &len);
		class = cp < 0x80 ? 0 : uni_class(cp);
		parens += is_paren(cp);
		if (cp < 0x80) {
			plain += is_plain_char(cp);
			digits += cp >= '0' && cp <= '9';
			spaces += text_is_space(cp);
			letters += (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z';
			upper += cp >= 'A' && cp <= 'Z';
		} else if (class & UNI_LETTER) {
			letters++;
			upper += uni_lower(cp) != cp;
		} else {
			digits += (class & UNI_DIGIT) != 0;
			spaces += (class & UNI_SPACE) != 0;
		}
	}
	s->v[SIG_chars] = (double)n;
	s->v[SIG_bytes] = (double)text.n;
	s->v[SIG_upper_ratio] = meter_ratio(upper, letters);
	s->v[SIG_digit_ratio] = meter_ratio(digits, n);
	s->v[SIG_space_ratio] = meter_ratio(spaces, n);
	s->v[SIG_other_chars] = meter_ratio(n - plain, n);
	s->v[SIG_paren_chars] = meter_ratio(parens, n);
	s->v[SIG_url_chars] = meter_ratio(url_chars(text), n);
}

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

/* Characters of each kind. */
struct kinds {
	uint64_t all, letters, upper, digits, spaces, plain, parens;
};

static void
add_ascii(struct kinds *k, unsigned char c, uint64_t n)
{
	bool digit = c >= '0' && c <= '9';
	bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

	k->all += n;
	k->letters += letter ? n : 0;
	k->upper += letter && !(c & 0x20) ? n : 0;
	k->digits += digit ? n : 0;
	k->spaces += text_is_space(c) ? n : 0;
	k->plain += is_plain_char(c) ? n : 0;
	k->parens += is_paren(c) ? n : 0;
}

static void
add_other(struct kinds *k, uint32_t cp)
{
	unsigned class = uni_class(cp);

	k->all++;
	if (class & UNI_LETTER) {
		k->letters++;
		k->upper += uni_lower(cp) != cp;
	} else {
		k->digits += (class & UNI_DIGIT) != 0;
		k->spaces += (class & UNI_SPACE) != 0;
	}
	k->parens += is_paren(cp);
}

int
meter_size(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n;

	(void)t, (void)e;
	m->s.v[SIG_bytes] = (double)m->text.n;
	m->s.v[SIG_chars] = (double)utf8_length(m->text);
	for (m->newlines = 0;
	     p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		m->newlines++;
	return 0;
}

int
meter_chars(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n;
	uint32_t ascii[128] = { 0 };
	struct signals *s = &m->s;
	struct kinds k = { 0 };
	size_t len;
	int c;

	(void)t, (void)e;
	while (p < end)
		if ((unsigned char)*p < 0x80) {
			ascii[(unsigned char)*p++]++;
		} else {
			add_other(&k, utf8_get(p, end, &len));
			p += len;
		}
	for (c = 0; c < 128; c++)
		add_ascii(&k, (unsigned char)c, ascii[c]);
	s->v[SIG_upper_ratio] = meter_ratio(k.upper, k.letters);
	s->v[SIG_digit_ratio] = meter_ratio(k.digits, k.all);
	s->v[SIG_space_ratio] = meter_ratio(k.spaces, k.all);
	s->v[SIG_other_chars] = meter_ratio(k.all - k.plain, k.all);
	s->v[SIG_paren_chars] = meter_ratio(k.parens, k.all);
	s->v[SIG_url_chars] = meter_ratio(url_chars(m->text), k.all);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

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

/* Characters of each kind; plain are letters, digits, and marks of plain text,
 * as NeMo Curator has them. */
struct kinds {
	uint64_t all, letters, upper, digits, spaces, plain, parens;
};

/* How often each kind but the first two is in bytes of ASCII; what is not is
 * none of them. */
struct ascii {
	bytes upper, letters, digits, spaces, marks, parens;
};

/* Add a block: what holds is 255, which is -1. */
static inline void
add_block(struct ascii *n, bytes v)
{
	bytes low = v | 0x20;

	n->upper -= (bytes)(v - 'A' < 26);
	n->letters -= (bytes)(low - 'a' < 26);
	n->digits -= (bytes)(v - '0' < 10);
	n->spaces -= (bytes)((v == ' ') | (v - 9 < 5) | (v - 0x1c < 4));
	n->marks -= (bytes)((v == '\n') | (v == '.') | (v == ',') | (v == '?') |
			    (v == '!'));
	n->parens -= (bytes)((v - '(' < 2) | (low == '{') | (low == '}'));
}

static uint64_t
sum(bytes v)
{
	uint64_t all = 0;
	int i;

	for (i = 0; i < BYTES; i++)
		all += v[i];
	return all;
}

static void
add_ascii(struct kinds *k, const struct ascii *n)
{
	uint64_t letters = sum(n->letters), digits = sum(n->digits);

	k->letters += letters;
	k->upper += sum(n->upper);
	k->digits += digits;
	k->spaces += sum(n->spaces);
	k->plain += letters + digits + sum(n->marks);
	k->parens += sum(n->parens);
}

/* Frequent characters, without looking at all there is: letters, capitals. */
static inline bool
is_letter(uint32_t cp)
{
	return (cp >= 0x430 && cp <= 0x45f) || (cp >= 0x4e00 && cp <= 0x9fff) ||
	       (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0x621 && cp <= 0x64a) ||
	       (cp >= 0xdf && cp <= 0xff && cp != 0xf7) ||
	       (cp >= 0x3b1 && cp <= 0x3ce) || (cp >= 0x5d0 && cp <= 0x5ea) ||
	       (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30a1 && cp <= 0x30fa);
}

static inline bool
is_capital(uint32_t cp)
{
	return (cp >= 0x400 && cp <= 0x42f) ||
	       (cp >= 0xc0 && cp <= 0xde && cp != 0xd7) ||
	       (cp >= 0x391 && cp <= 0x3a9 && cp != 0x3a2);
}

static void
add_other(struct kinds *k, uint32_t cp)
{
	unsigned class;

	/* Dashes and quotation marks are of no kind. */
	if (is_letter(cp) || (cp >= 0x2010 && cp <= 0x2027)) {
		k->letters += cp < 0x2010 || cp > 0x2027;
		return;
	}
	if (is_capital(cp)) {
		k->letters++;
		k->upper++;
		return;
	}
	class = uni_class(cp);
	if (class & UNI_LETTER) {
		k->letters++;
		k->upper += uni_lower(cp) != cp;
	} else {
		k->digits += (class & UNI_DIGIT) != 0;
		k->spaces += (class & UNI_SPACE) != 0;
	}
	k->parens += cp == 0x27e8 || cp == 0x27e9;
}

int
meter_size(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n;

	(void)t, (void)e;
	m->s.v[SIG_bytes] = (double)m->text.n;
	m->s.v[SIG_chars] = (double)utf8_length(m->text);
	for (m->newlines = 0; end - p >= BYTES; p += BYTES)
		m->newlines += bytes_sum((bytes)(bytes_load(p) == '\n') & 1);
	for (; p < end; p++)
		m->newlines += *p == '\n';
	return 0;
}

/* What is beyond ASCII in p .. to, where a character may reach further. */
static void
add_others(struct kinds *k, const char *p, const char *to, const char *end)
{
	size_t len;

	for (; p < to; p++)
		if ((unsigned char)*p >= 0xc0)
			add_other(k, utf8_get(p, end, &len));
}

/* The rest, shorter than a block, as one: NUL is of no kind. */
static bytes
last_block(const char *p, const char *end)
{
	bytes v = { 0 };

	memcpy(&v, p, (size_t)(end - p));
	return v;
}

static void
add_kinds(struct kinds *k, const char *p, const char *end)
{
	enum { MOST = 255 /* of a block in a byte */ };
	struct ascii n;
	bytes v;
	int i;

	while (p < end) {
		n = (struct ascii){ 0 };
		for (i = 0; i < MOST && p < end; i++, p += BYTES) {
			if (end - p < BYTES) {
				add_block(&n, last_block(p, end));
				add_others(k, p, end, end);
				p = end;
				break;
			}
			v = bytes_load(p);
			add_block(&n, v);
			if (bytes_any(v & 0x80))
				add_others(k, p, p + BYTES, end);
		}
		add_ascii(k, &n);
	}
}

int
meter_chars(struct meter *m, struct token_set *t, struct err *e)
{
	struct signals *s = &m->s;
	struct kinds k = { 0 };

	if (meter_want(m, t, METER_SIZE, e) < 0)
		return e->code;
	k.all = (uint64_t)s->v[SIG_chars];
	add_kinds(&k, m->text.p, m->text.p + m->text.n);
	s->v[SIG_upper_ratio] = meter_ratio(k.upper, k.letters);
	s->v[SIG_digit_ratio] = meter_ratio(k.digits, k.all);
	s->v[SIG_space_ratio] = meter_ratio(k.spaces, k.all);
	s->v[SIG_other_chars] = meter_ratio(k.all - k.plain, k.all);
	s->v[SIG_paren_chars] = meter_ratio(k.parens, k.all);
	s->v[SIG_url_chars] = meter_ratio(url_chars(m->text), k.all);
	return 0;
}

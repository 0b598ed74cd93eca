/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
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

static uint64_t
sum(const uint32_t *n, int from, int to)
{
	uint64_t all = 0;

	for (; from <= to; from++)
		all += n[from];
	return all;
}

/* n of each character of ASCII. */
static void
add_ascii(struct kinds *k, const uint32_t *n)
{
	uint64_t upper = sum(n, 'A', 'Z'), letters = upper + sum(n, 'a', 'z');
	uint64_t digits = sum(n, '0', '9');

	k->all += sum(n, 0, 127);
	k->letters += letters;
	k->upper += upper;
	k->digits += digits;
	k->spaces += n[' '] + sum(n, 9, 13) + sum(n, 0x1c, 0x1f);
	k->plain +=
	    letters + digits + n['\n'] + n['.'] + n[','] + n['?'] + n['!'];
	k->parens += n['('] + n[')'] + n['['] + n[']'] + n['{'] + n['}'];
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

int
meter_chars(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n;
	/* In turns: no count waits for the one before it. */
	uint32_t turns[2][128] = { { 0 } };
	struct signals *s = &m->s;
	struct kinds k = { 0 };
	size_t len;
	int c;

	(void)t, (void)e;
	while (p < end)
		if ((unsigned char)*p < 0x80) {
			turns[(uintptr_t)p & 1][(unsigned char)*p]++;
			p++;
		} else {
			add_other(&k, utf8_get(p, end, &len));
			p += len;
		}
	for (c = 0; c < 128; c++)
		turns[0][c] += turns[1][c];
	add_ascii(&k, turns[0]);
	s->v[SIG_upper_ratio] = meter_ratio(k.upper, k.letters);
	s->v[SIG_digit_ratio] = meter_ratio(k.digits, k.all);
	s->v[SIG_space_ratio] = meter_ratio(k.spaces, k.all);
	s->v[SIG_other_chars] = meter_ratio(k.all - k.plain, k.all);
	s->v[SIG_paren_chars] = meter_ratio(k.parens, k.all);
	s->v[SIG_url_chars] = meter_ratio(url_chars(m->text), k.all);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Words with digits in them, and numbers: finds them, asks what they are. */
#include "base/text/uni.h"
#ifdef __SSE2__
#	include <emmintrin.h>
#endif

#include "filter/pii_find.h"

enum {
	NUMBERS = 1 << PII_PHONE | 1 << PII_CARD | 1 << PII_SSN | 1 << PII_GEO |
		  1 << PII_ID_BR | 1 << PII_ID_CN | 1 << PII_ID_FR |
		  1 << PII_ID_IN | 1 << PII_ID_NL | 1 << PII_ID_PL |
		  1 << PII_ID_FI,
	CUE_MAX = 48 /* bytes that a cue is looked for in */
};

/* The first digit from p on, or end: 16 bytes at a time. */
static const char *
next_digit(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i low = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_sub_epi8(
		    _mm_loadu_si128((const __m128i *)(const void *)p), low);
		int digits =
		    _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, nine), v));

		if (digits)
			return p + __builtin_ctz((unsigned)digits);
	}
#endif
	while (p < end && !pii_digit(*p))
		p++;
	return p;
}

bool
pii_cue(struct str text, const char *p, size_t n, const char *const *words)
{
	char low[CUE_MAX + 1];
	const char *from;
	size_t i, k = 0;

	if (n > CUE_MAX)
		n = CUE_MAX;
	if ((size_t)(p - text.p) < n)
		n = (size_t)(p - text.p);
	from = p - n;
	for (i = 0; i < n; i++) {
		char c = from[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c == '\n' || c == '\t' || c == '_' || c == 0)
			c = ' ';
		if (c != ' ' || k == 0 || low[k - 1] != ' ')
			low[k++] = c;
	}
	low[k] = 0;
	for (; *words; words++) {
		size_t len = strlen(*words);
		const char *at = low;

		for (; (at = strstr(at, *words)); at++)
			if ((at == low || !pii_letter(at[-1])) &&
			    !pii_letter(at[len]))
				return true;
	}
	return false;
}

int
pii_grouped(const char *p, const char *end, char *out, int max, const char **to,
    unsigned char groups[8])
{
	char between = 0;
	int n = 0, g = 0;

	memset(groups, 0, 8);
	for (;; p++) {
		while (p < end && pii_digit(*p)) {
			if (n == max)
				return 0;
			out[n++] = *p++;
			groups[g]++;
		}
		if (end - p < 2 || !pii_digit(p[1]) || g == 6 ||
		    (*p != ' ' && *p != '-') || (between && *p != between))
			break;
		between = *p;
		g++;
	}
	*to = p;
	return n;
}

bool
pii_luhn(const char *digits, int n)
{
	int i, v, sum = 0;

	for (i = 0; i < n; i++) {
		v = digits[n - 1 - i] - '0';
		if (i % 2)
			v = v > 4 ? 2 * v - 9 : 2 * v;
		sum += v;
	}
	return sum % 10 == 0;
}

/* What is the number whose first digit is at p? */
static bool
judge_number(
    struct str text, const char *p, unsigned types, struct pii_match *m)
{
	return (types >> PII_SSN & 1 && pii_is_ssn(text, p, m)) ||
	       (types >> PII_CARD & 1 && pii_is_card(text, p, m)) ||
	       pii_is_nation(text, p, types, m) ||
	       (types >> PII_GEO & 1 && pii_is_geo(text, p, m)) ||
	       (types >> PII_PHONE & 1 && pii_is_phone(text, p, m));
}

/* What is the word [p, to)? */
static bool
judge_word(struct str text, const char *p, const char *to, unsigned types,
    struct pii_match *m)
{
	return (types >> PII_IBAN & 1 && pii_is_iban(text, p, to, m)) ||
	       (types >> PII_API_KEY & 1 && pii_is_secret(text, p, to, m)) ||
	       (types >> PII_CRYPTO & 1 && pii_is_crypto(text, p, to, m)) ||
	       pii_is_nation_word(text, p, to, types, m);
}

int
pii_find_digits(
    struct str text, unsigned types, struct pii_found *f, struct err *e)
{
	const char *end = text.p + text.n, *p = text.p, *from, *to;
	const char *done = p; /* nothing before it is looked at again */
	struct pii_match m;
	bool is;

	while ((p = next_digit(p, end)) < end) {
		for (from = p; from > done && pii_letter(from[-1]);)
			from--;
		for (to = p; to < end && pii_digit(*to);)
			to++;
		is = from == p && types & NUMBERS &&
		     judge_number(text, p, types, &m);
		if (!is) {
			while (to < end && pii_alnum(*to))
				to++;
			is = judge_word(text, from, to, types, &m);
		}
		p = done = is && m.to > to ? m.to : to;
		if (is && pii_add(f, m.type, (size_t)(m.from - text.p),
			      (size_t)(m.to - m.from), e) < 0)
			return -1;
	}
	return 0;
}

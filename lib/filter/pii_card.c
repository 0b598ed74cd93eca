/* SPDX-License-Identifier: MIT */
/* Numbers of cards, accounts and people in the United States. */
#include "filter/pii_find.h"

enum { CARD_LEAST = 12, CARD_MOST = 19, NEAR = 40 };

/*
 * Ranges of issuers: numbers that begin with low to high, as many digits as
 * they have, and are of these lengths.  Source: ISO/IEC 7812; the networks'
 * published ranges.
 */
static const struct issuer {
	int low, high;
	unsigned char digits;      /* of low and high */
	unsigned char least, most; /* length */
} issuers[] = {
	{ 4, 4, 1, 13, 13 },       /* Visa, old */
	{ 4, 4, 1, 16, 16 },       /* Visa */
	{ 4, 4, 1, 19, 19 },       /* Visa */
	{ 51, 55, 2, 16, 16 },     /* Mastercard */
	{ 2221, 2720, 4, 16, 16 }, /* Mastercard */
	{ 34, 34, 2, 15, 15 },     /* American Express */
	{ 37, 37, 2, 15, 15 },     /* American Express */
	{ 300, 305, 3, 14, 14 },   /* Diners Club */
	{ 36, 36, 2, 14, 14 },     /* Diners Club */
	{ 38, 39, 2, 14, 14 },     /* Diners Club */
	{ 6011, 6011, 4, 16, 19 }, /* Discover */
	{ 644, 659, 3, 16, 19 },   /* Discover */
	{ 3528, 3589, 4, 16, 19 }, /* JCB */
	{ 1800, 1800, 4, 15, 15 }, /* JCB */
	{ 2131, 2131, 4, 15, 15 }, /* JCB */
	{ 62, 62, 2, 16, 19 },     /* UnionPay */
	{ 2200, 2204, 4, 16, 19 }, /* Mir */
	{ 60, 60, 2, 16, 16 },     /* RuPay */
	{ 5018, 5018, 4, 12, 19 }, /* Maestro */
	{ 5020, 5020, 4, 12, 19 }, /* Maestro */
	{ 5038, 5038, 4, 12, 19 }, /* Maestro */
	{ 56, 58, 2, 12, 19 },     /* Maestro */
	{ 6304, 6304, 4, 12, 19 }, /* Maestro */
	{ 67, 67, 2, 12, 19 },     /* Maestro */
};

static const char *const card_words[] = { "card", "cards", "credit", "debit",
	"cc", "visa", "maestro", "mastercard", "amex", "diners", "discover",
	"karte", "kreditkarte", "carte", "tarjeta", "carta", NULL };
static const char *const ssn_words[] = { "ssn", "ssns", "social security",
	"social", NULL };

static bool
is_issued(const char *digits, int n)
{
	const struct issuer *s = issuers;
	int i, begin;

	for (; s < issuers + sizeof(issuers) / sizeof(*issuers); s++) {
		for (begin = 0, i = 0; i < s->digits; i++)
			begin = begin * 10 + (digits[i] - '0');
		if (begin >= s->low && begin <= s->high && n >= s->least &&
		    n <= s->most)
			return true;
	}
	return false;
}

/* In one piece, 4-4-4-..., 4-6-5 or 4-6-4. */
static bool
is_card_shaped(const unsigned char g[8])
{
	int i;

	if (!g[1])
		return true;
	if (g[0] == 4 && g[1] == 6)
		return (g[2] == 5 || g[2] == 4) && !g[3];
	for (i = 0; g[i + 1]; i++)
		if (g[i] != 4)
			return false;
	return i >= 2 && g[i] <= 4;
}

/* Does something go on before or behind that makes it another number? */
static bool
is_apart(struct str text, const char *from, const char *to)
{
	const char *end = text.p + text.n;

	if (from > text.p &&
	    (pii_alnum(from[-1]) || strchr(".,-/_=&%$+", from[-1])) &&
	    !(from[-1] == '=' || from[-1] == ','))
		return false;
	if (to == end)
		return true;
	if (strchr(".,-/", *to) && end - to > 1 && pii_digit(to[1]))
		return false;
	return !pii_alnum(*to) && *to != '_' && *to != '%';
}

bool
pii_is_card(struct str text, const char *p, struct pii_match *m)
{
	char digits[CARD_MOST];
	unsigned char groups[8];
	const char *to;
	int n = pii_grouped(p, text.p + text.n, digits, CARD_MOST, &to, groups);

	if (n < CARD_LEAST || !pii_luhn(digits, n) || !is_card_shaped(groups) ||
	    !is_apart(text, p, to))
		return false;
	/*
	 * One number in ten passes the check: short ones need a word, and so
	 * do ranges that are not in the table.
	 */
	if ((n < 15 || !is_issued(digits, n)) &&
	    !((is_issued(digits, n) || (n > 12 && *p >= '2' && *p <= '6')) &&
		pii_cue(text, p, NEAR, card_words)))
		return false;
	*m = (struct pii_match){ PII_CARD, p, to };
	return true;
}

/* Source: Social Security Administration: areas, groups never given out. */
bool
pii_is_ssn(struct str text, const char *p, struct pii_match *m)
{
	unsigned char g[8];
	const char *to;
	char d[9];
	int n = pii_grouped(p, text.p + text.n, d, 9, &to, g);
	bool hyphens;

	if (n != 9 || !is_apart(text, p, to))
		return false;
	if (memcmp(d, "000", 3) == 0 || memcmp(d, "666", 3) == 0 ||
	    d[0] == '9' || memcmp(d + 3, "00", 2) == 0 ||
	    memcmp(d + 5, "0000", 4) == 0)
		return false;
	hyphens = g[0] == 3 && g[1] == 2 && g[2] == 4 && p[3] == '-';
	if (!hyphens &&
	    !((g[0] == 9 || (g[0] == 3 && g[1] == 2 && g[2] == 4)) &&
		pii_cue(text, p, NEAR, ssn_words)))
		return false;
	*m = (struct pii_match){ PII_SSN, p, to };
	return true;
}

/* Length of an account number by country.  Source: SWIFT, IBAN registry. */
static int
iban_length(const char *p)
{
	static const char table[] =
	    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22"
	    "DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28"
	    "IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24"
	    "ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31"
	    "SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";
	size_t i;

	for (i = 0; i + 4 < sizeof(table); i += 4)
		if (table[i] == (p[0] & ~0x20) &&
		    table[i + 1] == (p[1] & ~0x20))
			return (table[i + 2] - '0') * 10 + (table[i + 3] - '0');
	return 0;
}

/* The remainder by 97 with the first four moved behind: ISO 13616, 7064. */
static bool
is_checked(const char *s, int n)
{
	int i, rest = 0;

	for (i = 0; i < n; i++) {
		char c = s[(i + 4) % n];

		rest = pii_digit(c) ? (rest * 10 + (c - '0')) % 97
				    : (rest * 100 + (c - 'A' + 10)) % 97;
	}
	return rest == 1;
}

/* In one piece or in groups of four, as it is printed. */
bool
pii_is_iban(struct str text, const char *p, const char *to, struct pii_match *m)
{
	const char *end = text.p + text.n;
	char s[34];
	int want, n = 0;

	if (to - p < 4 || (p > text.p && (pii_alnum(p[-1]) || p[-1] == '_')) ||
	    !pii_digit(p[2]) || !pii_digit(p[3]))
		return false;
	want = iban_length(p);
	for (to = p; n < want && to < end; to++) {
		if (*to == ' ' && n % 4 == 0 && n)
			continue;
		if (!pii_alnum(*to))
			return false;
		s[n++] = (char)(pii_letter(*to) ? *to & ~0x20 : *to);
	}
	if (!want || n < want || (to < end && pii_alnum(*to)) ||
	    !is_checked(s, n))
		return false;
	*m = (struct pii_match){ PII_IBAN, p, to };
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Numbers that states give to people, where a check tells them from others.
 * Short numbers of digits alone need a word nearby as well.
 */
#include "filter/pii_find.h"

enum { NEAR = 40 };

static const char *const words_in[] = { "aadhaar", "aadhar", "uidai", "uid",
	NULL };
static const char *const words_nl[] = { "bsn", "burgerservicenummer", "sofi",
	"sofinummer", NULL };
static const char *const words_pl[] = { "pesel", NULL };
static const char *const words_br[] = { "cpf", NULL };

static bool
ends_there(const char *to, const char *end)
{
	return to == end ||
	       (!pii_alnum(*to) && *to != '_' &&
		   !(end - to > 1 && strchr(".,-/", *to) && pii_digit(to[1])));
}

static bool
begins_there(struct str text, const char *p)
{
	return p == text.p || (!pii_alnum(p[-1]) && !strchr("._-/+#", p[-1]));
}

static int
number(const char *d, int n)
{
	int v = 0;

	while (n--)
		v = v * 10 + (*d++ - '0');
	return v;
}

static bool
is_day(int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* The sum of digits with weights, by the digit. */
static int
weighted(const char *d, const char *weights)
{
	int i, sum = 0;

	for (i = 0; weights[i]; i++)
		sum += (d[i] - '0') *
		       (weights[i] - (weights[i] > '9' ? 'A' - 10 : '0'));
	return sum;
}

static bool
all_equal(const char *d, int n)
{
	while (--n > 0)
		if (d[n] != d[0])
			return false;
	return true;
}

/* Source: Receita Federal: CPF, two digits modulo 11. */
static bool
is_br(const char *d)
{
	int a = weighted(d, "A98765432") * 10 % 11 % 10;
	int b = weighted(d, "BA98765432") * 10 % 11 % 10;

	return !all_equal(d, 11) && a == d[9] - '0' && b == d[10] - '0';
}

/* Source: GB 11643-1999: date of birth, ISO 7064 MOD 11-2. */
static bool
is_cn(const char *d, char last)
{
	static const char weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9,
		10, 5, 8, 4, 2 };
	int i, sum = 0, year = number(d + 6, 4);

	for (i = 0; i < 17; i++)
		sum += (d[i] - '0') * weights[i];
	return year >= 1900 && year < 2100 && d[0] >= '1' && d[0] <= '8' &&
	       is_day(number(d + 10, 2), number(d + 12, 2)) &&
	       "10X98765432"[sum % 11] == last;
}

/* Source: INSEE: NIR, 13 digits and 97 less their remainder. */
static bool
is_fr(const char *d)
{
	int64_t v = 0;
	int i, month = number(d + 3, 2);

	for (i = 0; i < 13; i++)
		v = v * 10 + (d[i] - '0');
	return (d[0] == '1' || d[0] == '2') && month >= 1 && month <= 12 &&
	       97 - v % 97 == number(d + 13, 2);
}

/* Source: Verhoeff, Error Detecting Decimal Codes (1969); UIDAI. */
static bool
is_in(const char *d)
{
	static const char product[10][11] = { "0123456789", "1234067895",
		"2340178956", "3401289567", "4012395678", "5987604321",
		"6598710432", "7659821043", "8765932104", "9876543210" };
	static const char turn[8][11] = { "0123456789", "1576283094",
		"5803796142", "8916043527", "9453126870", "4286573901",
		"2793806415", "7046913258" };
	int i, c = 0;

	for (i = 0; i < 12; i++)
		c = product[c][turn[i % 8][d[11 - i] - '0'] - '0'] - '0';
	return c == 0 && d[0] >= '2';
}

/* Source: Dutch Tax Administration: the eleven-test. */
static bool
is_nl(const char *d)
{
	int sum = weighted(d, "98765432") - (d[8] - '0');

	return !all_equal(d, 9) && sum % 11 == 0;
}

/* Source: Polish Act on population records, PESEL: weights 1 3 7 9. */
static bool
is_pl(const char *d)
{
	int sum = weighted(d, "1379137913"), month = number(d + 2, 2) % 20;

	return is_day(month, number(d + 4, 2)) &&
	       (10 - sum % 10) % 10 == d[10] - '0';
}

/* 000.000.000-00, or eleven digits by a word. */
static bool
find_br(struct str text, const char *p, struct pii_match *m)
{
	const char *end = text.p + text.n;
	char d[11];
	int i, n = 0;

	if (end - p < 11)
		return false;
	for (i = 0; n < 11 && p + i < end; i++) {
		if (pii_digit(p[i]))
			d[n++] = p[i];
		else if (!(p[i] == '.' && (i == 3 || i == 7)) &&
			 !(p[i] == '-' && i == 11))
			return false;
	}
	if (n < 11 || (i != 14 && i != 11) || !ends_there(p + i, end) ||
	    !is_br(d) || (i == 11 && !pii_cue(text, p, NEAR, words_br)))
		return false;
	*m = (struct pii_match){ PII_ID_BR, p, p + i };
	return true;
}

/* 17 digits and a digit or X. */
static bool
find_cn(struct str text, const char *p, struct pii_match *m)
{
	const char *end = text.p + text.n;
	int n = 0;

	while (p + n < end && n < 18 && pii_digit(p[n]))
		n++;
	if (n < 17 || p + 18 > end || (n == 17 && (p[17] | 0x20) != 'x') ||
	    !ends_there(p + 18, end) || !is_cn(p, n == 17 ? 'X' : p[17]))
		return false;
	*m = (struct pii_match){ PII_ID_CN, p, p + 18 };
	return true;
}

/* DDMMYY, a mark of the century, NNN and a letter or digit of check. */
static bool
find_fi(struct str text, const char *p, struct pii_match *m)
{
	static const char check[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
	const char *end = text.p + text.n;
	int i;

	if (end - p < 11 || !strchr("+-ABCDEFYXWVU", p[6]) || !p[6] ||
	    !ends_there(p + 11, end))
		return false;
	for (i = 0; i < 10; i++)
		if (i != 6 && !pii_digit(p[i]))
			return false;
	if (!is_day(number(p + 2, 2), number(p, 2)) ||
	    check[(number(p, 6) * 1000 + number(p + 7, 3)) % 31] != p[10])
		return false;
	*m = (struct pii_match){ PII_ID_FI, p, p + 11 };
	return true;
}

/* A number of digits in groups, which a word may have to name. */
static const struct grouped {
	enum pii_type type;
	int digits;
	const char *const *words; /* NULL: none is needed */
	bool (*check)(const char *d);
} grouped[] = {
	{ PII_ID_FR, 15, NULL, is_fr },
	{ PII_ID_IN, 12, words_in, is_in },
	{ PII_ID_PL, 11, words_pl, is_pl },
	{ PII_ID_NL, 9, words_nl, is_nl },
};

static bool
find_grouped(
    struct str text, const char *p, unsigned types, struct pii_match *m)
{
	const struct grouped *g = grouped;
	unsigned char groups[8];
	const char *to;
	char d[15];
	int n = pii_grouped(p, text.p + text.n, d, 15, &to, groups);

	for (; g < grouped + sizeof(grouped) / sizeof(*grouped); g++)
		if (types >> g->type & 1 && n == g->digits &&
		    ends_there(to, text.p + text.n) && g->check(d) &&
		    (!g->words || pii_cue(text, p, NEAR, g->words))) {
			*m = (struct pii_match){ g->type, p, to };
			return true;
		}
	return false;
}

bool
pii_is_nation(
    struct str text, const char *p, unsigned types, struct pii_match *m)
{
	if (!begins_there(text, p))
		return false;
	return (types >> PII_ID_BR & 1 && find_br(text, p, m)) ||
	       (types >> PII_ID_CN & 1 && find_cn(text, p, m)) ||
	       (types >> PII_ID_FI & 1 && find_fi(text, p, m)) ||
	       find_grouped(text, p, types, m);
}

/* Eight digits, or X, Y, Z and seven, and the letter of their remainder. */
static bool
is_es(const char *p, const char *to)
{
	static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
	char d[9];
	int i;

	if (to - p != 9)
		return false;
	memcpy(d, p, 9);
	if (d[0] >= 'X' && d[0] <= 'Z')
		d[0] = (char)(d[0] - 'X' + '0');
	for (i = 0; i < 8; i++)
		if (!pii_digit(d[i]))
			return false;
	return letters[number(d, 8) % 23] == d[8];
}

/*
 * Six letters, year, month's letter, day, place, check letter.
 * Source: Ministero delle Finanze, decree of 23 December 1976.
 */
static bool
is_it(const char *p, const char *to)
{
	static const char shape[] = "AAAAAA00A00A000A",
			  months[] = "ABCDEHLMPRST";
	static const unsigned char odd[26] = { 1, 0, 5, 7, 9, 13, 15, 17, 19,
		21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
	int i, v, sum = 0;

	if (to - p != 16)
		return false;
	for (i = 0; i < 16; i++) {
		bool upper = p[i] >= 'A' && p[i] <= 'Z';

		if (shape[i] == 'A' ? !upper : !pii_digit(p[i]))
			return false;
		v = upper ? p[i] - 'A' : p[i] - '0';
		if (i < 15)
			sum += i % 2 ? v : odd[v];
	}
	return strchr(months, p[8]) && p[15] == 'A' + sum % 26;
}

bool
pii_is_nation_word(struct str text, const char *p, const char *to,
    unsigned types, struct pii_match *m)
{
	if (!begins_there(text, p) || !ends_there(to, text.p + text.n))
		return false;
	if (types >> PII_ID_ES & 1 && is_es(p, to))
		*m = (struct pii_match){ PII_ID_ES, p, to };
	else if (types >> PII_ID_IT & 1 && is_it(p, to))
		*m = (struct pii_match){ PII_ID_IT, p, to };
	else
		return false;
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Telephone numbers.  Some shapes stand for themselves: +49 ..., (212)
 * 555-0100, 212-555-0100.  Other numbers are taken where a word nearby says so.
 */
#include "filter/pii_find.h"

enum { MOST_DIGITS = 15 /* ITU-T E.164 */, MOST_GROUPS = 8, NEAR = 36 };

static const char *const sure[] = { "phone", "phones", "telephone", "tel",
	"telefon", "telefono",
	"tel\xc3\xa9"
	"fono",
	"t\xc3\xa9l\xc3\xa9phone", "telefone", "mobile", "mob", "m\xc3\xb3vil",
	"movil", "celular", "cell", "cellphone", "handy", "fax", "hotline",
	"helpline", "whatsapp", "sms", "dial", "call", "calling", "call us",
	"ring", "desk", "pager", "landline", "rufnummer", "portable",
	"answering at", "reached at", "reach you", "reach me", "reach us",
	"text me", "messages to", NULL };
static const char *const likely[] = { "office", "contact", "reach", "message",
	"registered", "line", "home", "work", NULL };
static const char *const behind[] = { "office", "fax", "mobile", "cell",
	"phone", "home", "work", "tel" };

struct phone {
	const char *from, *to;
	unsigned char groups[MOST_GROUPS]; /* digits of each */
	char first[MOST_GROUPS];           /* digit of each */
	char digits[MOST_DIGITS + 4];
	int ngroup, n;
	bool plus, parens, dots, slash;
};

/* What may stand before a number that is none of something longer. */
static bool
is_free_before(struct str text, const char *p)
{
	char c;

	if (p == text.p)
		return true;
	c = p[-1];
	return !pii_alnum(c) && !strchr(".-/=_#$%&@+*^\\<>", c) &&
	       !((unsigned char)c & 0x80);
}

static bool
is_free_behind(const char *p, const char *end)
{
	if (p == end)
		return true;
	if ((*p == '.' || *p == ',' || *p == '-' || *p == '/' || *p == ':') &&
	    end - p > 1 && pii_digit(p[1]))
		return false;
	return !pii_alnum(*p) && !strchr("_%=*^", *p);
}

/* Bytes between two groups at p: one mark, or a bracket with one; 0: none. */
static size_t
gap(const char *p, const char *end, struct phone *t)
{
	const char *q = p;

	if (q < end && *q == ')') {
		q++;
		t->parens = true;
	}
	if (q < end && (*q == ' ' || *q == '-' || *q == '.' || *q == '/')) {
		t->dots |= *q == '.';
		t->slash |= *q == '/';
		q++;
	} else if (end - q >= 2 && q[0] == '\xc2' && q[1] == '\xa0') {
		q += 2;
	}
	if (q > p && end - q >= 2 && *q == '(' && pii_digit(q[1]))
		q++;
	return q > p && q < end && pii_digit(*q) ? (size_t)(q - p) : 0;
}

static void
read_prefix(struct str text, const char *p, struct phone *t)
{
	t->from = p;
	if (t->from > text.p && t->from[-1] == '(') {
		t->from--;
		t->parens = true;
	}
	if (t->from > text.p && t->from[-1] == '+') {
		t->from--;
		t->plus = true;
	}
}

/* Are the last three groups 3, 3, 4 digits, as in North America? */
static bool
is_american(const struct phone *t)
{
	int g = t->ngroup - 3;

	if (g < 0 || t->groups[g] != 3 || t->groups[g + 1] != 3 ||
	    t->groups[g + 2] != 4 || t->first[g] < '2' || t->slash)
		return false;
	return g == 0 || (g == 1 && (t->groups[0] == 1 || t->groups[0] == 3) &&
			     t->digits[t->groups[0] - 1] == '1');
}

/*
 * The groups of digits from p on, up to a whole American number; false if there
 * are too many.
 */
static bool
read_groups(const char *p, const char *end, struct phone *t)
{
	size_t n;

	for (;;) {
		if (t->ngroup == MOST_GROUPS)
			return false;
		t->first[t->ngroup] = *p;
		for (; p < end && pii_digit(*p); p++) {
			if (t->n == MOST_DIGITS + 3)
				return false;
			t->digits[t->n++] = *p;
			t->groups[t->ngroup]++;
		}
		t->ngroup++;
		t->to = p;
		n = is_american(t) ? 0 : gap(p, end, t);
		if (n == 0)
			return true;
		p += n;
	}
}

/* x123, ext. 123: belongs to the number. */
static void
read_extension(const char *end, struct phone *t)
{
	const char *p = t->to, *q;

	if (p < end && *p == ' ')
		p++;
	if (end - p > 3 &&
	    (memcmp(p, "ext", 3) == 0 || memcmp(p, "Ext", 3) == 0))
		p += 3;
	else if (p < end && *p == 'x')
		p++;
	else
		return;
	while (p < end && (*p == '.' || *p == ' '))
		p++;
	for (q = p; q < end && pii_digit(*q) && q - p < 7;)
		q++;
	if (q > p && q - p < 7)
		t->to = q;
}

/* Source: ITU-T, list of Recommendation E.164 assigned country codes. */
static bool
is_country(const char *d)
{
	static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 "
				  "46 47 48 49 51 52 53 54 55 56 57 58 60 61 "
				  "62 63 64 65 66 81 82 84 86 90 91 92 93 94 "
				  "95 98 ";
	static const char three[] = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 "
				    "68 69 80 85 87 88 96 97 99 ";
	const char key[4] = { d[0], d[1], ' ', 0 };

	return d[0] == '1' || d[0] == '7' || strstr(two, key) ||
	       (strstr(three, key) && memcmp(d, "999", 3) != 0);
}

/* Year, month and day in some order. */
static bool
is_date(const struct phone *t)
{
	const unsigned char *g = t->groups;

	if (t->plus || t->parens)
		return false;
	if (t->ngroup == 2) /* two years */
		return g[0] == 4 && g[1] == 4 && t->first[0] <= '2' &&
		       t->first[1] <= '2' && t->first[0] != '0';
	return t->ngroup == 3 && ((g[0] == 4 && g[1] <= 2 && g[2] <= 2) ||
				     (g[0] <= 2 && g[1] <= 2 && g[2] == 4));
}

/* Shapes that nothing else has. */
static bool
is_certain(const struct phone *t)
{
	if (t->plus)
		return t->n >= 8 && t->n <= MOST_DIGITS &&
		       is_country(t->digits) && (t->ngroup > 1 || t->n >= 10);
	return is_american(t);
}

/* Groups that a number may have if a word says that it is one. */
static bool
is_shaped(const struct phone *t)
{
	int i;

	if (t->n < 6 || t->n > MOST_DIGITS || is_date(t))
		return false;
	if (t->dots && t->ngroup < 3)
		return false;
	for (i = 0; i < t->ngroup; i++)
		if (t->groups[i] < 2 && !(i == 0 && t->first[0] == '1') &&
		    !t->plus)
			return false;
	return true;
}

/* "-Fax", " (office)": a word behind that says so. */
static bool
is_named_behind(const char *p, const char *end)
{
	size_t i, n;

	while (p < end && (*p == '-' || *p == ' ' || *p == '('))
		p++;
	for (i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
		n = strlen(behind[i]);
		if ((size_t)(end - p) >= n && (*p | 0x20) == behind[i][0] &&
		    memcmp(p + 1, behind[i] + 1, n - 1) == 0 &&
		    (p + n == end || !pii_letter(p[n])))
			return true;
	}
	return false;
}

static bool
is_named(struct str text, const struct phone *t)
{
	const char *end = text.p + text.n;

	if (pii_cue(text, t->from, NEAR, sure) ||
	    (t->to < end && *t->to == '-' && is_named_behind(t->to, end)))
		return true;
	return t->n >= 8 && t->ngroup > 1 &&
	       (is_named_behind(t->to, end) ||
		   pii_cue(text, t->from, NEAR, likely));
}

bool
pii_is_phone(struct str text, const char *p, struct pii_match *m)
{
	const char *end = text.p + text.n;
	struct phone t = { 0 };

	read_prefix(text, p, &t);
	if (!is_free_before(text, t.from) || !read_groups(p, end, &t) ||
	    t.n < 6)
		return false;
	read_extension(end, &t);
	if (!is_free_behind(t.to, end))
		return false;
	if (!is_certain(&t) && !(is_shaped(&t) && is_named(text, &t)))
		return false;
	if (*t.from == '(' && !memchr(t.from, ')', (size_t)(t.to - t.from)))
		t.from++;
	*m = (struct pii_match){ PII_PHONE, t.from, t.to };
	return true;
}

/* SPDX-License-Identifier: MIT */
/* memmem(), since glibc 2.1. */
#define _GNU_SOURCE
/* Keys: of services by their shapes, private ones in armour, in URLs. */
#include "filter/pii_find.h"

enum { NEAR = 28, URL_MAX = 256, ARMOUR_MAX = 16384 };

/* Characters that follow a prefix. */
enum { UPPER = 1, LOWER = 2, DIGIT = 4, DASH = 8, LINE = 16, DOT = 32 };
#define ALNUM (UPPER | LOWER | DIGIT)

/*
 * Tokens that say of what service they are.  Source: the services' published
 * formats, as lists of scanners for secrets give them.
 */
static const struct token {
	const char *prefix;
	int least, most; /* characters behind the prefix */
	unsigned chars;
} tokens[] = {
	{ "AKIA", 16, 16, UPPER | DIGIT },
	{ "ASIA", 16, 16, UPPER | DIGIT },
	{ "AIza", 35, 35, ALNUM | DASH | LINE },
	{ "ghp_", 36, 36, ALNUM },
	{ "gho_", 36, 36, ALNUM },
	{ "ghu_", 36, 36, ALNUM },
	{ "ghs_", 36, 36, ALNUM },
	{ "ghr_", 36, 76, ALNUM },
	{ "github_pat_", 82, 82, ALNUM | LINE },
	{ "glpat-", 20, 20, ALNUM | DASH | LINE },
	{ "hf_", 34, 37, ALNUM },
	{ "npm_", 36, 36, ALNUM },
	{ "pypi-AgE", 50, 300, ALNUM | DASH | LINE },
	{ "sk-", 32, 200, ALNUM | DASH | LINE },
	{ "sk_live_", 24, 99, ALNUM },
	{ "sk_test_", 24, 99, ALNUM },
	{ "rk_live_", 24, 99, ALNUM },
	{ "xoxb-", 24, 99, ALNUM | DASH },
	{ "xoxp-", 24, 99, ALNUM | DASH },
	{ "xoxa-", 24, 99, ALNUM | DASH },
	{ "SG.", 66, 66, ALNUM | DASH | LINE | DOT },
	{ "dop_v1_", 64, 64, LOWER | DIGIT },
	{ "ya29.", 40, 300, ALNUM | DASH | LINE },
	{ "eyJ", 60, 4000, ALNUM | DASH | LINE | DOT },
};

static const char *const words[] = { "api key", "apikey", "api-key",
	"secret key", "secretkey", "secret-key", "access token", "accesstoken",
	"auth token", "authtoken", "client secret", "clientsecret",
	"access key", "accesskey", "secret access key", NULL };

static bool
is_char(char c, unsigned chars)
{
	return (chars & DIGIT && pii_digit(c)) ||
	       (chars & UPPER && c >= 'A' && c <= 'Z') ||
	       (chars & LOWER && c >= 'a' && c <= 'z') ||
	       (chars & DASH && c == '-') || (chars & LINE && c == '_') ||
	       (chars & DOT && c == '.');
}

/* Words have no digits, numbers few letters. */
static bool
is_random(const char *p, const char *to)
{
	int letters = 0, digits = 0;

	for (; p < to; p++) {
		digits += pii_digit(*p);
		letters += pii_letter(*p);
	}
	return digits >= 1 && letters >= 6;
}

/* Behind a token that begins at p, or NULL. */
static const char *
token_end(const struct token *t, const char *p, const char *end)
{
	size_t n = strlen(t->prefix);
	const char *q = p + n;

	if ((size_t)(end - p) <= n || memcmp(p, t->prefix, n) != 0)
		return NULL;
	while (
	    q < end && q - p - (ptrdiff_t)n <= t->most && is_char(*q, t->chars))
		q++;
	while (q > p && (q[-1] == '.' || q[-1] == '-'))
		q--;
	n = (size_t)(q - p) - n;
	if (n < (size_t)t->least || n > (size_t)t->most ||
	    (q < end && pii_alnum(*q)))
		return NULL;
	return is_random(p + strlen(t->prefix), q) ? q : NULL;
}

/* The start of the word of token characters around p. */
static const char *
token_start(struct str text, const char *p)
{
	const char *from = p;

	while (from > text.p && p - from < 16 &&
	       is_char(from[-1], ALNUM | DASH | LINE))
		from--;
	return from;
}

/* key = "twenty or more characters": by the name in front of it. */
static bool
is_named(struct str text, const char *p, struct pii_match *m)
{
	const char *end = text.p + text.n, *to = p, *from = p;

	while (from > text.p && p - from < 64 &&
	       is_char(from[-1], ALNUM | DASH | LINE))
		from--;
	while (to < end && to - from < 200 && is_char(*to, ALNUM | DASH | LINE))
		to++;
	if (to - from < 20 || to - from >= 200 || from == text.p ||
	    (from[-1] != '"' && from[-1] != '\'' && from[-1] != '=') ||
	    !is_random(from, to) || !pii_cue(text, from, NEAR, words))
		return false;
	*m = (struct pii_match){ PII_API_KEY, from, to };
	return true;
}

bool
pii_is_secret(
    struct str text, const char *p, const char *to, struct pii_match *m)
{
	const char *from = token_start(text, p), *end = text.p + text.n, *q;
	const struct token *t = tokens;

	if (to - from < 12)
		return false;
	for (; t < tokens + sizeof(tokens) / sizeof(*tokens); t++) {
		q = token_end(t, from, end);
		if (q && q >= to) {
			*m = (struct pii_match){ PII_API_KEY, from, q };
			return true;
		}
	}
	return to - p >= 8 && is_named(text, p, m);
}

/* Can a URL have it before an @?  Of ASCII alone. */
static inline bool
in_credentials(char c)
{
	static const bool ends[128] = { ['/'] = true,
		['?'] = true,
		['#'] = true,
		['"'] = true,
		['\''] = true,
		['<'] = true,
		['>'] = true,
		['`'] = true };

	return c > ' ' && (unsigned char)c < 0x80 && !ends[(unsigned char)c];
}

/* A run of characters that credentials may have, from `from` to `to`. */
struct run {
	const char *from, *to;
};

/* The run before `at`; before: that of an @ before, whose is never gone through
 * again. */
static struct run
run_before(const char *at, struct run before)
{
	const char *p = at;

	while (p > before.to && in_credentials(p[-1]))
		p--;
	return (struct run){ p == before.to ? before.from : p, at };
}

/* user:password of a URL, all that is before an @. */
static bool
credentials(struct str text, struct run r, struct pii_match *m)
{
	const char *p = r.from, *at = r.to, *colon;

	if (at - p > URL_MAX || p - text.p < 4 ||
	    memcmp(p - 3, "://", 3) != 0 || !pii_letter(p[-4]))
		return false;
	colon = memchr(p, ':', (size_t)(at - p));
	if (!colon || colon == p || colon + 1 == at)
		return false;
	/* {user}:${password} stands for one. */
	if (memchr(p, '{', (size_t)(at - p)) ||
	    memchr(p, '$', (size_t)(at - p)))
		return false;
	*m = (struct pii_match){ PII_URL_CREDENTIALS, p, at };
	return true;
}

int
pii_find_url(struct str text, struct pii_found *f, struct err *e)
{
	const char *p = text.p, *end = p + text.n;
	struct run r = { p, p };
	struct pii_match m;

	for (; p < end && (p = memchr(p, '@', (size_t)(end - p))); p++) {
		r = run_before(p, r);
		if (credentials(text, r, &m) &&
		    pii_add(f, m.type, (size_t)(m.from - text.p),
			(size_t)(m.to - m.from), e) < 0)
			return -1;
	}
	return 0;
}

/* -----BEGIN ... PRIVATE KEY----- at p: behind that line's end, or NULL. */
static const char *
armour_begin(const char *p, const char *end)
{
	static const char tail[] = "PRIVATE KEY-----";
	const char *q = p + 11;

	while (q < end && q - p < 40 && (*q == ' ' || (*q >= 'A' && *q <= 'Z')))
		q++;
	if (end - q < 5 || q - p < 22 || memcmp(q, "-----", 5) != 0 ||
	    memcmp(q - 11, tail, 16) != 0)
		return NULL;
	return q + 5;
}

/* Behind the line that ends the armour, or behind what is base 64. */
static const char *
armour_end(const char *p, const char *end)
{
	const char *to = p;

	while (to < end && to - p < ARMOUR_MAX &&
	       (pii_alnum(*to) || strchr("+/=\r\n \\:,", *to)))
		to++;
	if (end - to > 9 && memcmp(to, "-----END ", 9) == 0) {
		for (to += 9; to < end && *to != '-' && *to != '\n';)
			to++;
		while (to < end && *to == '-')
			to++;
	}
	return to;
}

int
pii_find_armour(struct str text, struct pii_found *f, struct err *e)
{
	static const char begin[] = "-----BEGIN ";
	const char *p = text.p, *end = p + text.n, *key, *to;

	while (p < end &&
	       (p = memmem(p, (size_t)(end - p), begin, sizeof(begin) - 1))) {
		key = armour_begin(p, end);
		to = key ? armour_end(key, end) : p + 1;
		if (key && pii_add(f, PII_PRIVATE_KEY, (size_t)(p - text.p),
			       (size_t)(to - p), e) < 0)
			return -1;
		p = to;
	}
	return 0;
}

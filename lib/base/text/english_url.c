/* SPDX-License-Identifier: MIT */
#include "base/text/english.h"
#include "base/text/utf8.h"

/*
 * Addresses, as spaCy's URL_PATTERN has them:
 *
 *	[SCHEME://][USER@](IPv4 | LABEL.LABEL.tld)[:PORT][/ ? or # anything]
 *
 * where a user may hold anything, so that a host may begin behind each @.
 */

enum { LABEL_MAX = 64, TLD_MIN = 2, TLD_MAX = 63, PORT_MIN = 2, PORT_MAX = 5 };

static bool
ends_host(char c)
{
	return c == ':' || c == '/' || c == '?' || c == '#';
}

static bool
in_label(uint32_t cp)
{
	return (cp >= '0' && cp <= '9') ||
	       ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z' && cp < 0x80) ||
	       (cp >= 0xa1 && cp <= 0xffff);
}

/* What may stand behind a host: [:PORT][/...] and nothing more. */
static bool
rest_fits(const char *p, const char *end)
{
	size_t len, n = 0;

	if (p < end && *p == ':') {
		for (p++; p < end && n <= PORT_MAX; p += len, n++)
			if (!(english_class(utf8_get(p, end, &len)) &
				ENG_DIGIT))
				break;
		if (n < PORT_MIN || n > PORT_MAX)
			return false;
	}
	return p == end || (*p != ':' && ends_host(*p));
}

/* One part of a host: what it is made of. */
struct part {
	size_t n;
	bool label, lower; /* all of it can be a label, a top level */
	bool edges;        /* no - or _ at its ends */
};

static const char *
read_part(const char *p, const char *end, struct part *part)
{
	bool last = false;
	uint32_t cp;
	size_t len;

	*part = (struct part){ .label = true, .lower = true };
	for (; p < end && *p != '.' && !ends_host(*p); p += len) {
		cp = utf8_get(p, end, &len);
		last = in_label(cp);
		part->label &= last || cp == '_' || cp == '-';
		part->lower &= (english_class(cp) & ENG_LOWER) != 0;
		if (!part->label && !part->lower)
			break;
		if (part->n++ == 0)
			part->edges = last;
	}
	part->edges &= last;
	return p;
}

static bool
is_name(const char *p, const char *end)
{
	struct part part;
	size_t labels = 0;

	for (;; p++, labels++) {
		p = read_part(p, end, &part);
		if (p == end || *p != '.')
			break;
		if (!part.label || !part.edges || part.n > LABEL_MAX)
			return false;
	}
	return labels && part.lower && part.n >= TLD_MIN && part.n <= TLD_MAX &&
	       rest_fits(p, end);
}

/* A number of an address, its digits d; which: 0 first, 1 and 2, 3 last. */
static bool
octet_fits(const uint32_t *d, size_t n, int which)
{
	uint32_t most = which == 0 ? 2 : which == 3 ? 4 : 5;

	if (n == 0)
		return false;
	if (n < 3)
		return (which != 0 && which != 3) ||
		       (d[0] >= '1' && d[0] <= '9');
	if (d[0] == '1')
		return true;
	if (d[0] != '2')
		return false;
	if (which == 0)
		return d[1] == '0' || d[1] == '1' ||
		       (d[1] == '2' && d[2] >= '0' && d[2] <= '3');
	if (d[1] >= '0' && d[1] <= '4')
		return true;
	return d[1] == '5' && d[2] >= '0' && d[2] <= '0' + most;
}

static uint32_t
octet_value(const uint32_t *d, size_t n)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (d[i] < '0' || d[i] > '9')
			return 1000;
		else
			v = 10 * v + d[i] - '0';
	return v;
}

/* Networks that the pattern leaves out, by the first two numbers. */
static bool
is_private(const uint32_t *v)
{
	return v[0] == 10 || v[0] == 127 || (v[0] == 169 && v[1] == 254) ||
	       (v[0] == 192 && v[1] == 168) ||
	       (v[0] == 172 && v[1] >= 16 && v[1] <= 31);
}

static bool
is_ipv4(const char *p, const char *end)
{
	uint32_t d[3], value[4], cp;
	size_t len, n;
	int i;

	for (i = 0; i < 4; i++) {
		if (i && (p == end || *p++ != '.'))
			return false;
		for (n = 0; p < end; p += len) {
			cp = utf8_get(p, end, &len);
			if (!(english_class(cp) & ENG_DIGIT))
				break;
			if (n == 3)
				return false;
			d[n++] = cp;
		}
		if (!octet_fits(d, n, i))
			return false;
		value[i] = octet_value(d, n);
	}
	return !is_private(value) && rest_fits(p, end);
}

static bool
is_host(const char *p, const char *end)
{
	return is_ipv4(p, end) || is_name(p, end);
}

/* Where the host begins that a scheme stands before; NULL without one. */
static const char *
behind_scheme(const char *p, const char *end)
{
	uint32_t cp;
	size_t len, n = 0;

	for (; p < end; p += len, n++) {
		cp = utf8_get(p, end, &len);
		if (!(english_class(cp) & ENG_WORD) && cp != '+' && cp != '-' &&
		    cp != '.')
			break;
	}
	return n >= 2 && end - p > 3 && memcmp(p, "://", 3) == 0 ? p + 3 : NULL;
}

bool
english_is_url(struct str s)
{
	const char *p = s.p, *end = p + s.n, *host;

	if (!s.n || !memchr(p, '.', s.n))
		return false;
	if (is_host(p, end))
		return true;
	host = behind_scheme(p, end);
	if (host && is_host(host, end))
		return true;
	for (host = p + 1; host < end; host++) {
		host = memchr(host, '@', (size_t)(end - host));
		if (!host)
			return false;
		if (is_host(host + 1, end))
			return true;
	}
	return false;
}

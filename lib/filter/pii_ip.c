/* SPDX-License-Identifier: MIT */
#include "filter/pii_find.h"

enum { IPV6_MAX = 45 }; /* characters, with an IPv4 address at the end */

struct net4 {
	uint32_t net;
	int bits;
};

struct net6 {
	uint16_t net[3];
	int bits; /* at most 48 */
};

/*
 * What isn't global.  Source: IANA IPv4 and IPv6 Special-Purpose Address
 * Registries (2024), and multicast (RFC 5771, RFC 4291).
 */
static const struct net4 special4[] = {
	{ 0x00000000, 8 },  /* this network */
	{ 0x0a000000, 8 },  /* private */
	{ 0x64400000, 10 }, /* shared, carriers' */
	{ 0x7f000000, 8 },  /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local */
	{ 0xac100000, 12 }, /* private */
	{ 0xc0000000, 24 }, /* protocol assignments */
	{ 0xc0000200, 24 }, /* documentation */
	{ 0xc0a80000, 16 }, /* private */
	{ 0xc6120000, 15 }, /* benchmarking */
	{ 0xc6336400, 24 }, /* documentation */
	{ 0xcb007100, 24 }, /* documentation */
	{ 0xe0000000, 3 },  /* multicast, reserved, broadcast */
};

static const struct net6 special6[] = {
	{ { 0x0000, 0x0000, 0x0000 }, 48 }, /* loopback, mapped IPv4 */
	{ { 0x0064, 0xff9b, 0x0001 }, 48 }, /* local translation */
	{ { 0x0100, 0x0000, 0x0000 }, 48 }, /* discard */
	{ { 0x2001, 0x0000, 0x0000 }, 23 }, /* protocol assignments */
	{ { 0x2001, 0x0db8, 0x0000 }, 32 }, /* documentation */
	{ { 0x2002, 0x0000, 0x0000 }, 16 }, /* 6to4 */
	{ { 0x3fff, 0x0000, 0x0000 }, 20 }, /* documentation */
	{ { 0x5f00, 0x0000, 0x0000 }, 16 }, /* segment routing */
	{ { 0xfc00, 0x0000, 0x0000 }, 7 },  /* unique local */
	{ { 0xfe80, 0x0000, 0x0000 }, 10 }, /* link-local */
	{ { 0xff00, 0x0000, 0x0000 }, 8 },  /* multicast */
};

static bool
is_global4(uint32_t ip)
{
	size_t i;

	for (i = 0; i < sizeof(special4) / sizeof(*special4); i++)
		if ((ip ^ special4[i].net) >> (32 - special4[i].bits) == 0)
			return false;
	return true;
}

static bool
is_global6(const uint16_t g[8])
{
	uint64_t top = (uint64_t)g[0] << 32 | (uint64_t)g[1] << 16 | g[2], net;
	const struct net6 *s = special6;

	for (; s < special6 + sizeof(special6) / sizeof(*special6); s++) {
		net = (uint64_t)s->net[0] << 32 | (uint64_t)s->net[1] << 16 |
		      s->net[2];
		if ((top ^ net) >> (48 - s->bits) == 0)
			return false;
	}
	return true;
}

size_t
pii_ipv4(const char *p, const char *end, uint32_t *ip)
{
	const char *start = p, *number;
	uint32_t v;
	int part;

	*ip = 0;
	for (part = 0; part < 4; part++) {
		if (part && (p == end || *p++ != '.'))
			return 0;
		number = p;
		for (v = 0; p < end && pii_digit(*p) && p - number < 4; p++)
			v = v * 10 + (uint32_t)(*p - '0');
		if (p == number || v > 255 ||
		    (*number == '0' && p - number > 1))
			return 0;
		*ip = *ip << 8 | v;
	}
	return (size_t)(p - start);
}

/* May an IPv4 address begin at p, which is a digit? */
static bool
free_before(const char *start, const char *p, const char *end)
{
	if (p == start)
		return true;
	if (p[-1] == '.')
		return p - start < 2 || !pii_alnum(p[-2]);
	if (p[-1] == '-') /* name-1.2.3.4 is a version */
		return p - start < 2 || !pii_letter(p[-2]);
	return !pii_word_before(start, p, end);
}

static bool
free_behind(const char *p, const char *end)
{
	if (p == end)
		return true;
	if (*p == '.')
		return end - p < 2 || !pii_alnum(p[1]);
	if (*p == '-') /* 1.2.3.4-rc1 */
		return end - p < 2 || !pii_letter(p[1]);
	return !pii_word_at(p, end);
}

/* Does the word before p say that the four numbers are no address? */
static bool
is_numbering(const char *start, const char *p)
{
	static const char *const words[] = { "chapter", "oid", "release",
		"section", "ver", "version" };
	const char *end = p;
	char low[9] = "";
	size_t i, n;

	while (end > start && (end[-1] == ' ' || end[-1] == '.'))
		end--;
	for (p = end; p > start && pii_letter(p[-1]) && end - p < 8;)
		p--;
	n = (size_t)(end - p);
	for (i = 0; i < n; i++)
		low[i] = (char)(p[i] | 0x20);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(low, words[i]) == 0)
			return true;
	return false;
}

static int
find_ipv4(struct str text, struct pii_found *f, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *from;
	uint32_t ip;
	size_t n;

	/* Look for a dot between digits: rarer than digits. */
	while (p < end && (p = memchr(p, '.', (size_t)(end - p)))) {
		for (from = p;
		     from > text.p && pii_digit(from[-1]) && p - from < 4;)
			from--;
		n = from < p && free_before(text.p, from, end)
			? pii_ipv4(from, end, &ip)
			: 0;
		if (n == 0 || !free_behind(from + n, end)) {
			p++;
			continue;
		}
		p = from + n;
		if (is_global4(ip) && !is_numbering(text.p, from) &&
		    pii_add(f, PII_IP, (size_t)(from - text.p), n, e) < 0)
			return -1;
	}
	return 0;
}

static bool
is_ipv6_char(char c)
{
	return pii_hex(c) >= 0 || c == ':' || c == '.';
}

/* A group of up to four hexadecimal digits at p: its bytes, or 0. */
static size_t
group(const char *p, const char *end, uint16_t *v)
{
	size_t n = 0;

	for (*v = 0; p + n < end && n < 4 && pii_hex(p[n]) >= 0; n++)
		*v = (uint16_t)(*v << 4 | pii_hex(p[n]));
	return n;
}

/* Move the groups behind the gap to the end; zeros fill it. */
static void
spread(uint16_t g[8], int n, int gap)
{
	int i, tail = n - gap;

	for (i = 0; i < tail; i++)
		g[7 - i] = g[n - 1 - i];
	for (i = gap; i < 8 - tail; i++)
		g[i] = 0;
}

/*
 * Is all of [p, end) an IPv6 address?  *has_gap: it has "::".  *wide: a group
 * has over two digits, as those of eight bytes in a dump don't.
 */
static bool
parse_ipv6(
    const char *p, const char *end, uint16_t g[8], bool *has_gap, bool *wide)
{
	int n = 0, gap = -1;
	uint32_t ip;
	size_t len;

	*wide = false;
	while (p < end) {
		if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
			if (gap >= 0)
				return false;
			gap = n;
			p += 2;
			if (p == end)
				break;
		} else if (n > 0) {
			if (*p++ != ':')
				return false;
		}
		if (n <= 6 && (len = pii_ipv4(p, end, &ip)) && p + len == end) {
			g[n++] = (uint16_t)(ip >> 16);
			g[n++] = (uint16_t)ip;
			p = end;
			break;
		}
		if (n == 8 || !(len = group(p, end, &g[n])))
			return false;
		*wide |= len > 2;
		n++;
		p += len;
	}
	*has_gap = gap >= 0;
	if (gap < 0)
		return n == 8;
	if (n > 7)
		return false;
	spread(g, n, gap);
	return true;
}

/* The run of hexadecimal digits, colons and dots around the colon at p. */
static struct str
run_around(struct str text, const char *p)
{
	const char *end = text.p + text.n, *from = p, *to = p;

	while (from > text.p && is_ipv6_char(from[-1]) && p - from <= IPV6_MAX)
		from--;
	while (to < end && is_ipv6_char(*to) && to - p <= IPV6_MAX)
		to++;
	return (struct str){ from, (size_t)(to - from) };
}

/* Is the run, less the punctuation of the sentence, a global address? */
static bool
is_ipv6(struct str text, struct str *run)
{
	const char *end = text.p + text.n;
	uint16_t g[8];
	bool has_gap, wide;

	if (run->n > IPV6_MAX || pii_word_before(text.p, run->p, end) ||
	    pii_word_at(run->p + run->n, end))
		return false;
	while (run->n && run->p[run->n - 1] == '.')
		run->n--;
	if (run->n > 1 && run->p[run->n - 1] == ':' &&
	    run->p[run->n - 2] != ':')
		run->n--;
	return parse_ipv6(run->p, run->p + run->n, g, &has_gap, &wide) &&
	       is_global6(g) && wide && (!has_gap || g[0] >> 13 == 1);
}

static int
find_ipv6(struct str text, struct pii_found *f, struct err *e)
{
	const char *p = text.p, *end = p + text.n;
	struct str run;

	while (p < end && (p = memchr(p, ':', (size_t)(end - p)))) {
		run = run_around(text, p);
		p = run.p + run.n;
		if (is_ipv6(text, &run) &&
		    pii_add(f, PII_IP, (size_t)(run.p - text.p), run.n, e) < 0)
			return -1;
	}
	return 0;
}

int
pii_find_ip(struct str text, struct pii_found *f, struct err *e)
{
	if (find_ipv4(text, f, e) < 0)
		return -1;
	return find_ipv6(text, f, e);
}

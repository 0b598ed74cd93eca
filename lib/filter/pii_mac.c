/* SPDX-License-Identifier: MIT */
/* Addresses of network cards: six pairs of hexadecimal digits. */
#include "filter/pii_find.h"

enum { PAIRS = 6, LONG = 3 * PAIRS - 1 };

/* Six pairs at p with the same mark between them, that stand apart? */
static bool
is_mac(const char *start, const char *p, const char *end)
{
	unsigned char v[PAIRS];
	char mark = p[2];
	int i;

	if (end - p < LONG || (mark != ':' && mark != '-'))
		return false;
	for (i = 0; i < PAIRS; i++) {
		int high = pii_hex(p[3 * i]), low = pii_hex(p[3 * i + 1]);

		if (high < 0 || low < 0 ||
		    (i < PAIRS - 1 && p[3 * i + 2] != mark))
			return false;
		v[i] = (unsigned char)(high << 4 | low);
	}
	if (p > start && (pii_alnum(p[-1]) || p[-1] == mark || p[-1] == '_'))
		return false;
	if (p + LONG < end &&
	    (pii_alnum(p[LONG]) || p[LONG] == mark || p[LONG] == '_'))
		return false;
	/* None and all; a group's address is nobody's. */
	return !(v[0] & 1) && (v[0] | v[1] | v[2] | v[3] | v[4] | v[5]);
}

static int
find_marked(struct str text, char mark, struct pii_found *f, struct err *e)
{
	const char *p = text.p, *end = p + text.n;

	while (p < end && (p = memchr(p, mark, (size_t)(end - p)))) {
		if (p - text.p < 2 || end - p < LONG - 2 || p[3] != mark ||
		    !is_mac(text.p, p - 2, end)) {
			p++;
			continue;
		}
		if (pii_add(f, PII_MAC, (size_t)(p - 2 - text.p), LONG, e) < 0)
			return -1;
		p += LONG - 2;
	}
	return 0;
}

int
pii_find_mac(struct str text, struct pii_found *f, struct err *e)
{
	return find_marked(text, ':', f, e) < 0 ? -1
						: find_marked(text, '-', f, e);
}

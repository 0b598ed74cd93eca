/* SPDX-License-Identifier: MIT */
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/pii_find.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255, LABEL_MAX = 63 };

/* A letter, digit or mark of a script in which addresses are written. */
static bool
is_alnum(uint32_t cp)
{
	if (cp < 0x80)
		return pii_alnum((char)cp);
	return cp < 0x590 &&
	       uni_class(cp) & (UNI_LETTER | UNI_NUMBER | UNI_MARK);
}

static const char *
step_back(const char *start, const char *p)
{
	do
		p--;
	while (p > start && ((unsigned char)*p & 0xc0) == 0x80);
	return p;
}

static bool
is_local(uint32_t cp)
{
	return is_alnum(cp) || cp == '.' || cp == '_' || cp == '+' ||
	       cp == '-' || cp == '\'';
}

/*
 * Where the local part that ends at `at` begins; `at` if there is none.  A
 * dot stands between two other characters.
 */
static const char *
local_start(const char *start, const char *at, const char *end)
{
	const char *p = at, *q;
	size_t len;

	if (p == start || p[-1] == '.')
		return at;
	while (p > start && at - p <= LOCAL_MAX) {
		q = step_back(start, p);
		if (!is_local(utf8_get(q, end, &len)) ||
		    (*q == '.' && *p == '.'))
			break;
		p = q;
	}
	while (p < at && !is_alnum(utf8_get(p, end, &len)) && *p != '_')
		p += len;
	return at - p <= LOCAL_MAX ? p : at;
}

/* Bytes of the label at p: letters, digits, hyphens between them; or 0. */
static size_t
label(const char *p, const char *end)
{
	const char *at = p, *last = p;
	size_t len;

	while (at < end && at - p <= LABEL_MAX) {
		if (is_alnum(utf8_get(at, end, &len)))
			last = at + len;
		else if (*at != '-' || at == p)
			break;
		at += len;
	}
	return last - p <= LABEL_MAX ? (size_t)(last - p) : 0;
}

/* Can the label be a top level domain? */
static bool
is_top(const char *p, size_t n)
{
	static const char *const images[] = { "png", "jpg", "jpeg", "gif",
		"svg", "webp" };
	char low[8] = "";
	const char *end = p + n;
	size_t i, len;

	if (n < 2)
		return false;
	if (n > 4 && memcmp(p, "xn--", 4) == 0)
		return true;
	for (i = 0; i < n && n < sizeof(low); i++)
		low[i] = (char)(p[i] | 0x20);
	for (i = 0; i < sizeof(images) / sizeof(*images); i++)
		if (strcmp(low, images[i]) == 0)
			return false;
	for (; p < end; p += len) {
		uint32_t cp = utf8_get(p, end, &len);

		if (!is_alnum(cp) || (cp < 0x80 && !pii_letter((char)cp)))
			return false;
	}
	return true;
}

/* Bytes of [IPv4] at p, or 0. */
static size_t
bracketed(const char *p, const char *end)
{
	uint32_t ip;
	size_t n = pii_ipv4(p + 1, end, &ip);

	return n && p + 1 + n < end && p[1 + n] == ']' ? n + 2 : 0;
}

/* Bytes of the domain at p, or 0: as many labels as make one. */
static size_t
domain(const char *p, const char *end)
{
	const char *at = p;
	size_t n, good = 0;
	int labels = 0;

	if (p < end && *p == '[')
		return bracketed(p, end);
	while ((n = label(at, end)) && (size_t)(at - p) + n <= DOMAIN_MAX) {
		at += n;
		if (++labels > 1 && is_top(at - n, n))
			good = (size_t)(at - p);
		if (at == end || *at != '.')
			break;
		at++;
	}
	return good;
}

int
pii_find_email(struct str text, struct pii_found *f, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *at, *from;
	const char *free_from = p; /* behind the address found last */
	size_t n;

	while (p < end && (at = memchr(p, '@', (size_t)(end - p)))) {
		p = at + 1;
		from = local_start(free_from, at, end);
		n = from < at ? domain(at + 1, end) : 0;
		if (n == 0)
			continue;
		p = free_from = at + 1 + n;
		if (pii_add(f, PII_EMAIL, (size_t)(from - text.p),
			(size_t)(p - from), e) < 0)
			return -1;
	}
	return 0;
}

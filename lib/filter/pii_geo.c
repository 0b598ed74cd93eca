/* SPDX-License-Identifier: MIT */
/* Coordinates: pairs of decimals, degrees with minutes. */
#include "filter/pii_find.h"

enum { NEAR = 32, DECIMALS = 4 /* 11 m */ };

static const char *const words[] = { "gps", "coordinates", "coordinate",
	"coords", "latitude", "longitude", "lat", "long", "lon", "lng", "geo",
	"location", "located", "latlng", "latlon", "ll", "position",
	"koordinaten", "coordenadas",
	"coordonn\xc3\xa9"
	"es",
	NULL };

/* A number with at least least decimals that is at most most; or NULL. */
static const char *
decimal(const char *p, const char *end, int most, int least)
{
	const char *dot;
	int whole = 0, n = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && pii_digit(*p) && n < 4; p++, n++)
		whole = whole * 10 + (*p - '0');
	if (!n || n > 3 || whole > most)
		return NULL;
	if (p == end || *p != '.')
		return least ? NULL : p;
	dot = p++;
	while (p < end && pii_digit(*p) && p - dot < 16)
		p++;
	return p - dot - 1 < least || (p < end && pii_digit(*p)) ? NULL : p;
}

static const char *
blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* A mark of degrees, minutes or seconds at p: bytes, or 0. */
static size_t
mark(const char *p, const char *end)
{
	static const char *const marks[] = { "\xc2\xb0", "\xc2\xba", "'", "\"",
		"\xe2\x80\xb2", "\xe2\x80\xb3", "\xe2\x80\x99",
		"\xe2\x80\x9d" };
	size_t i, n;

	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		n = strlen(marks[i]);
		if ((size_t)(end - p) >= n && memcmp(p, marks[i], n) == 0)
			return n;
	}
	return 0;
}

/* 40 deg 26' 46" N: with a mark behind each number, the first a degree's. */
static const char *
angle(const char *p, const char *end, int most, const char *sides)
{
	const char *q;
	size_t n;
	int part;

	for (part = 0; part < 3; part++) {
		q = decimal(p, end, part ? 59 : most, 0);
		if (!q)
			break;
		q = blanks(q, end);
		n = mark(q, end);
		if (!n || (part == 0 && (unsigned char)*q != 0xc2))
			return NULL;
		p = blanks(q + n, end);
		if (part && n == 1 && p < end && *p == '\'')
			p = blanks(p + 1, end); /* '' for " */
	}
	if (!part || p == end || !strchr(sides, *p))
		return NULL;
	return p + 1 == end || !pii_letter(p[1]) ? p + 1 : NULL;
}

static const char *
between(const char *p, const char *end)
{
	const char *q = blanks(p, end);

	if (q < end && (*q == ',' || *q == ';' || *q == '/'))
		return blanks(q + 1, end);
	return q > p ? q : NULL;
}

static const char *
pair_of_angles(const char *p, const char *end)
{
	const char *q = angle(p, end, 90, "NSns");

	q = q ? between(q, end) : NULL;
	return q ? angle(q, end, 180, "EWOewo") : NULL;
}

static const char *
pair_of_decimals(const char *p, const char *end)
{
	const char *q = decimal(p, end, 90, DECIMALS);

	q = q && q < end && (*q == ',' || *q == ';' || *q == ' ')
		? between(q, end)
		: NULL;
	return q ? decimal(q, end, 180, DECIMALS) : NULL;
}

bool
pii_is_geo(struct str text, const char *p, struct pii_match *m)
{
	const char *end = text.p + text.n, *from = p, *to;

	if (from > text.p && from[-1] == '-')
		from--;
	if (from > text.p && (pii_alnum(from[-1]) || from[-1] == '.'))
		return false;
	to = pair_of_angles(from, end);
	if (!to) {
		to = pair_of_decimals(from, end);
		if (!to || (to < end && pii_alnum(*to)) ||
		    !pii_cue(text, from, NEAR, words))
			return false;
	}
	*m = (struct pii_match){ PII_GEO, from, to };
	return true;
}

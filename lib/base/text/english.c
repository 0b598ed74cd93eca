/* SPDX-License-Identifier: MIT */
#include "base/text/english.h"

#define TEXT(s) \
	{ \
		s, sizeof(s) - 1 \
	}
#include "base/text/english.def"

enum { SLOTS = sizeof(slots) / sizeof(*slots) };

static const struct {
	const char *p;
	uint8_t n;
	int16_t cuts, split;
} exceptions[] = {
#define X(text, cuts, split) { text, sizeof(text) - 1, cuts, split },
	ENGLISH_EXCEPTIONS
#undef X
};

/* Little-endian. */
static inline uint32_t
bytes4(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* As english.py has it: s is not empty. */
static inline uint32_t
hash(struct str s)
{
	uint32_t first = 0, last, h;
	size_t i;

	if (s.n >= 4) {
		first = bytes4(s.p);
		last = bytes4(s.p + s.n - 4);
	} else {
		for (i = 0; i < s.n; i++)
			first |= (uint32_t)(unsigned char)s.p[i] << 8 * i;
		last = first;
	}
	h = (first ^ (last * 0x9e3779b1 + (uint32_t)s.n)) * 0x85ebca6b;
	return h ^ h >> 15;
}

static const uint8_t *
cuts_at(int place)
{
	return place > 0 ? english_cuts + place - 1 : NULL;
}

bool
english_find(struct str s, struct english_exception *x)
{
	uint32_t i, h;
	size_t at;

	if (!s.n || s.n > LONGEST ||
	    !(lengths[(unsigned char)*s.p] >> (s.n < 31 ? s.n : 31) & 1))
		return false;
	h = hash(s);
	for (i = h & (SLOTS - 1); slots[i]; i = (i + 1) & (SLOTS - 1)) {
		if (slots[i] >> 16 != h >> 16)
			continue;
		at = (slots[i] & 0xffff) - 1u;
		if (exceptions[at].n != s.n ||
		    memcmp(exceptions[at].p, s.p, s.n) != 0)
			continue;
		*x = (struct english_exception){ .p = exceptions[at].p,
			.n = exceptions[at].n,
			.cuts = cuts_at(exceptions[at].cuts),
			.split = cuts_at(exceptions[at].split),
			.apart = exceptions[at].split >= 0 };
		return true;
	}
	return false;
}

enum { UNIT_MAX = 12 };

static bool
is_unit(struct str s)
{
	size_t i;

	if (s.n == 1 && *s.p == '+')
		return true;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (str_eq(s, units[i]))
			return true;
	for (i = 0; i < sizeof(currencies) / sizeof(*currencies); i++)
		if (str_eq(s, currencies[i]))
			return true;
	return false;
}

size_t
english_unit(struct str s)
{
	size_t n;

	for (n = 0; n < s.n && n <= UNIT_MAX; n++)
		if (s.p[s.n - 1 - n] >= '0' && s.p[s.n - 1 - n] <= '9')
			return n && is_unit((struct str){ s.p + s.n - n, n })
				   ? n
				   : 0;
	return 0;
}

size_t
english_money(struct str s)
{
	size_t i;

	for (i = 0; i < sizeof(currencies) / sizeof(*currencies); i++)
		if (currencies[i].p[currencies[i].n - 1] == '$' &&
		    currencies[i].n > 1 && str_starts(s, currencies[i]))
			return currencies[i].n;
	return 0;
}

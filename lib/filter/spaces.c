/* SPDX-License-Identifier: MIT */
#include "filter/spaces.h"

enum { BLOCK = 64 };

static inline bool
parts(unsigned char c)
{
	return c == ' ' || (unsigned char)(c - 9) < 5 || c == 0;
}

/* Does a word begin at p, behind another character? */
static bool
begins(const unsigned char *p, const unsigned char *end)
{
	size_t len;

	return parts(p[-1]) &&
	       begun_at((const char *)p, (const char *)end, &len);
}

typedef unsigned char bytes __attribute__((vector_size(16)));

static inline bytes
load(const unsigned char *p)
{
	bytes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* How many begin in a block, of ASCII, whatever the bytes; *high: there are
 * others. */
static uint64_t
count_block(const unsigned char *p, bool *high)
{
	bytes n = { 0 }, any = { 0 }, c, q;
	uint64_t sum = 0, part[2];
	size_t i;

	for (i = 0; i < BLOCK; i += sizeof(c)) {
		c = load(p + i);
		q = load(p + i - 1);
		any |= c;
		/* Where a comparison holds, a byte is 255. */
		n -= (bytes)((((c | 0x20) - 'a' < 26) | (c - '0' < 10)) &
			     ((q == ' ') | (q - 9 < 5) | (q == 0)));
	}
	memcpy(part, &any, sizeof(part));
	*high = (part[0] | part[1]) & UINT64_C(0x8080808080808080);
	memcpy(part, &n, sizeof(part));
	for (i = 0; i < 2; i++)
		sum += part[i] * UINT64_C(0x0101010101010101) >> 56;
	return sum;
}

uint64_t
count_begun(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n, *q;
	uint64_t n;
	bool high;
	size_t len;

	if (!s.n)
		return 0;
	n = begun_at(s.p, s.p + s.n, &len);
	for (p++; end - p >= BLOCK; p += BLOCK) {
		n += count_block(p, &high);
		for (q = p; high && q < p + BLOCK; q++)
			n += *q >= 0xc0 && begins(q, end);
	}
	for (; p < end; p++)
		n += (*p < 0x80 || *p >= 0xc0) && begins(p, end);
	return n;
}

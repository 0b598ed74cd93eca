/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
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

/* How many begin in a block, of ASCII, whatever the bytes; *high: there are
 * others. */
static uint64_t
count_block(const unsigned char *p, bool *high)
{
	bytes n = { 0 }, any = { 0 }, c, q;
	size_t i;

	for (i = 0; i < BLOCK; i += BYTES) {
		c = bytes_load(p + i);
		q = bytes_load(p + i - 1);
		any |= c;
		n -= (bytes)((((c | 0x20) - 'a' < 26) | (c - '0' < 10)) &
			     ((q == ' ') | (q - 9 < 5) | (q == 0)));
	}
	*high = bytes_any(any & 0x80);
	return bytes_sum(n);
}

uint64_t
count_begun(struct str s, uint64_t enough)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n, *q;
	uint64_t n;
	bool high;
	size_t len;

	if (!s.n)
		return 0;
	n = begun_at(s.p, s.p + s.n, &len);
	for (p++; end - p >= BLOCK && n < enough; p += BLOCK) {
		n += count_block(p, &high);
		for (q = p; high && q < p + BLOCK; q++)
			n += *q >= 0xc0 && begins(q, end);
	}
	for (; p < end && n < enough; p++)
		n += (*p < 0x80 || *p >= 0xc0) && begins(p, end);
	return n;
}

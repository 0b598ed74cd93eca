/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "base/text/utf8.h"

static bool
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the sequence at s (left > 0 bytes), 0 if it is not valid. */
static size_t
sequence(const unsigned char *s, size_t left)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	if (left < 2 || !is_tail(s[1]))
		return 0;
	if (s[0] < 0xe0)
		return 2;
	if (left < 3 || !is_tail(s[2]))
		return 0;
	if (s[0] < 0xf0) {
		if (s[0] == 0xe0 && s[1] < 0xa0)
			return 0;
		return s[0] == 0xed && s[1] > 0x9f ? 0 : 3;
	}
	if (left < 4 || !is_tail(s[3]))
		return 0;
	if (s[0] == 0xf0 && s[1] < 0x90)
		return 0;
	return s[0] == 0xf4 && s[1] > 0x8f ? 0 : 4;
}

/* Where ASCII ends, seen in steps that get shorter. */
static size_t
skip_ascii(const unsigned char *p, size_t i, size_t n)
{
	static const uint64_t high = 0x8080808080808080u;
	uint64_t w[4];

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(w, p + i, sizeof(w));
		if ((w[0] | w[1] | w[2] | w[3]) & high)
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

size_t
utf8_valid_prefix(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, len;

	while (i < s.n) {
		i = skip_ascii(p, i, s.n);
		for (; i < s.n && p[i] >= 0x80; i += len) {
			len = sequence(p + i, s.n - i);
			if (len == 0)
				return i;
		}
	}
	return i;
}

uint64_t
utf8_length(struct str s)
{
	enum { MOST = 255 /* of blocks, in a byte */ };
	uint64_t tails = 0;
	size_t i = 0, k;
	int block;
	bytes n;

	while (s.n - i >= BYTES) {
		n = (bytes){ 0 };
		for (block = 0; block < MOST && s.n - i >= BYTES; block++) {
			n -= (bytes)((bytes_load(s.p + i) & 0xc0) == 0x80);
			i += BYTES;
		}
		for (k = 0; bytes_any(n) && k < BYTES; k++)
			tails += n[k];
	}
	for (; i < s.n; i++)
		tails += ((unsigned char)s.p[i] & 0xc0) == 0x80;
	return s.n - tails;
}

size_t
utf8_put(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* SPDX-License-Identifier: MIT */
#include "base64.h"

#include <stdint.h>

/* The six bits of a digit, or -1. */
static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, of which the last `pad` are '='. */
static bool
put_group(struct buf *out, const char *p, size_t pad)
{
	uint32_t v = 0;
	size_t i;
	int d;

	for (i = 0; i < 4; i++) {
		d = i < 4 - pad ? digit(p[i]) : 0;
		if (d < 0)
			return false;
		v = v << 6 | (uint32_t)d;
	}
	/* Bits that stand for nothing are zeros. */
	if (v & ((1u << 8 * pad) - 1))
		return false;
	for (i = 0; i < 3 - pad; i++)
		buf_putc(out, (char)(v >> (16 - 8 * i)));
	return true;
}

bool
base64_decode(struct buf *out, struct str text)
{
	size_t i, pad;

	if (text.n % 4)
		return false;
	for (i = 0; i < text.n; i += 4) {
		pad = 0;
		if (i + 4 == text.n && text.p[i + 3] == '=')
			pad = text.p[i + 2] == '=' ? 2 : 1;
		if (!put_group(out, text.p + i, pad))
			return false;
	}
	return true;
}

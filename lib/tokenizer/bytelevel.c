/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/text/utf8.h"
#include "bytelevel.h"

/* Bytes that aren't printable: 0-32, 127-160 and 173, in that order. */
enum { LOW = 33, HIGH_FROM = 127, HIGH = 34, SOFT_HYPHEN = 173 };

uint32_t
bytelevel_char(uint8_t byte)
{
	if (byte < LOW)
		return 0x100u + byte;
	if (byte >= HIGH_FROM && byte < HIGH_FROM + HIGH)
		return 0x100u + LOW + (byte - HIGH_FROM);
	return byte == SOFT_HYPHEN ? 0x100u + LOW + HIGH : byte;
}

int
bytelevel_byte(uint32_t cp)
{
	if (cp < 0x100)
		return bytelevel_char((uint8_t)cp) == cp ? (int)cp : -1;
	cp -= 0x100;
	if (cp < LOW)
		return (int)cp;
	if (cp < LOW + HIGH)
		return HIGH_FROM + (int)(cp - LOW);
	return cp == LOW + HIGH ? SOFT_HYPHEN : -1;
}

static const uint8_t order[256] = {
#define ROW(b) b, b + 1, b + 2, b + 3, b + 4, b + 5, b + 6, b + 7, b + 8, b + 9
	/* 33-126 */
	ROW(33), ROW(43), ROW(53), ROW(63), ROW(73), ROW(83), ROW(93), ROW(103),
	ROW(113), 123, 124, 125, 126,
	/* 161-172 */
	ROW(161), 171, 172,
	/* 174-255 */
	ROW(174), ROW(184), ROW(194), ROW(204), ROW(214), ROW(224), ROW(234),
	ROW(244), 254, 255,
	/* 0-32 */
	ROW(0), ROW(10), ROW(20), 30, 31, 32,
	/* 127-160 */
	ROW(127), ROW(137), ROW(147), 157, 158, 159, 160,
	/* 173 */
	173
#undef ROW
};

const uint8_t *
bytelevel_order(void)
{
	return order;
}

void
bytelevel_encode(struct buf *out, struct str bytes)
{
	char *to = buf_room(out, 2 * bytes.n);
	size_t i;

	if (!to)
		return;
	for (i = 0; i < bytes.n; i++)
		to += utf8_put(to, bytelevel_char((uint8_t)bytes.p[i]));
	out->n = (size_t)(to - out->p);
}

bool
bytelevel_decode(struct buf *out, struct str text)
{
	const char *p = text.p, *end = p + text.n;
	size_t start = out->n, len;
	int byte;

	for (; p < end; p += len) {
		byte = bytelevel_byte(utf8_get(p, end, &len));
		if (byte < 0) {
			out->n = start;
			return false;
		}
		buf_putc(out, (char)byte);
	}
	return true;
}

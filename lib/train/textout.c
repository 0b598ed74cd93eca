/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text/utf8.h"
#include "train/textout.h"

/* Bytes of the code point that a byte begins; 0: none. */
static size_t
length(unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Would some bytes after s make it a code point? */
static bool
can_grow(struct str s)
{
	unsigned char c[4] = { 0, 0x80, 0x80, 0x80 };
	size_t need = length((unsigned char)s.p[0]);

	if (s.n >= need)
		return false;
	memcpy(c, s.p, s.n);
	if (s.n == 1 && c[0] == 0xe0)
		c[1] = 0xa0; /* below that it would be overlong */
	if (s.n == 1 && c[0] == 0xf0)
		c[1] = 0x90;
	return utf8_valid((struct str){ (const char *)c, need });
}

void
textout(struct buf *pending, struct buf *ready, bool end)
{
	struct str s = buf_view(pending);
	size_t n;

	while (s.n) {
		n = utf8_valid_prefix(s);
		buf_put(ready, s.p, n);
		s.p += n;
		s.n -= n;
		if (s.n == 0 || (!end && can_grow(s)))
			break;
		buf_puts(ready, "\xef\xbf\xbd");
		/* What could have grown counts as one. */
		n = can_grow(s) ? s.n : 1;
		s.p += n;
		s.n -= n;
	}
	if (s.n)
		memmove(pending->p, s.p, s.n);
	pending->n = s.n;
}

/* SPDX-License-Identifier: MIT */
#include "dedup/key.h"

static void
put_big(struct buf *b, uint64_t v, int bytes)
{
	char c[8];
	int i;

	for (i = 0; i < bytes; i++)
		c[i] = (char)(v >> 8 * (bytes - 1 - i));
	buf_put(b, c, (size_t)bytes);
}

void
key_u8(struct buf *b, uint8_t v)
{
	put_big(b, v, 1);
}

void
key_u32(struct buf *b, uint32_t v)
{
	put_big(b, v, 4);
}

void
key_u64(struct buf *b, uint64_t v)
{
	put_big(b, v, 8);
}

void
key_str(struct buf *b, struct str s)
{
	const char *zero;
	size_t n;

	while (s.n && (zero = memchr(s.p, '\0', s.n))) {
		n = (size_t)(zero - s.p) + 1;
		buf_put(b, s.p, n);
		buf_putc(b, '\xff');
		s.p += n;
		s.n -= n;
	}
	buf_str(b, s);
	buf_put(b, "\0", 2);
}

static bool
has(struct str *r, size_t n)
{
	if (r->p && r->n >= n)
		return true;
	*r = (struct str){ NULL, 0 };
	return false;
}

static uint64_t
get_big(struct str *r, size_t bytes)
{
	uint64_t v = 0;
	size_t i;

	if (!has(r, bytes))
		return 0;
	for (i = 0; i < bytes; i++)
		v = v << 8 | (uint8_t)r->p[i];
	r->p += bytes;
	r->n -= bytes;
	return v;
}

uint8_t
key_get_u8(struct str *r)
{
	return (uint8_t)get_big(r, 1);
}

uint32_t
key_get_u32(struct str *r)
{
	return (uint32_t)get_big(r, 4);
}

uint64_t
key_get_u64(struct str *r)
{
	return get_big(r, 8);
}

struct str
key_skip_str(struct str *r)
{
	struct str whole = *r;
	size_t i = 0;
	const char *zero;

	while (
	    r->p && i < r->n && (zero = memchr(r->p + i, '\0', r->n - i - 1))) {
		i = (size_t)(zero - r->p) + 2;
		if (zero[1] != '\0')
			continue;
		whole.n = i;
		r->p += i;
		r->n -= i;
		return whole;
	}
	*r = (struct str){ NULL, 0 };
	return *r;
}

void
key_get_str(struct str *r, struct buf *out)
{
	struct str s = key_skip_str(r);
	const char *zero;
	size_t n;

	if (!s.p)
		return;
	for (s.n -= 2; s.n && (zero = memchr(s.p, '\0', s.n));) {
		n = (size_t)(zero - s.p) + 1;
		buf_put(out, s.p, n);
		s.p += n + 1;
		s.n -= n + 1;
	}
	buf_str(out, s);
}

void
key_get_raw(struct str *r, void *p, size_t n)
{
	memset(p, 0, n);
	if (!has(r, n))
		return;
	if (n)
		memcpy(p, r->p, n);
	r->p += n;
	r->n -= n;
}

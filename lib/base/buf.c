/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/err.h"
#include "base/text/utf8.h"

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->oom = false;
}

static bool
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	p = realloc(b->p, cap);
	if (!p)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->oom || n > SIZE_MAX - b->n)
		goto oom;
	if (b->n + n > b->cap && !grow(b, b->n + n))
		goto oom;
	return b->p + b->n;
oom:
	b->oom = true;
	return NULL;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	char *to = n ? buf_room(b, n) : NULL;

	if (to) {
		memcpy(to, p, n);
		b->n += n;
	}
}

void
buf_putc(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (to) {
		*to = c;
		b->n++;
	}
}

void
buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	to = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
	if (to) {
		vsnprintf(to, (size_t)n + 1, fmt, ap);
		b->n += (size_t)n;
	}
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* What a byte becomes inside a JSON string; 0 stands for itself, 'u' \u00XX. */
static const char escape[256] = {
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'b',
	't',
	'n',
	'u',
	'f',
	'r',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	'u',
	['"'] = '"',
	['\\'] = '\\',
	[0x7f] = 'u',
};

static void
put_escaped(struct buf *b, unsigned char c)
{
	char esc = escape[c];

	if (esc == 'u') {
		buf_printf(b, "\\u%04x", c);
	} else {
		buf_putc(b, '\\');
		buf_putc(b, esc);
	}
}

static void
json_body(struct buf *b, struct str s)
{
	size_t i = 0, from;

	while (i < s.n) {
		from = i;
		while (i < s.n && !escape[(unsigned char)s.p[i]])
			i++;
		buf_put(b, s.p + from, i - from);
		if (i < s.n)
			put_escaped(b, (unsigned char)s.p[i++]);
	}
}

void
buf_json(struct buf *b, struct str s)
{
	buf_putc(b, '"');
	json_body(b, s);
	buf_putc(b, '"');
}

void
buf_json_lossy(struct buf *b, struct str s)
{
	struct str run = s;

	buf_putc(b, '"');
	while (s.n) {
		run.p = s.p;
		run.n = utf8_valid_prefix(s);
		json_body(b, run);
		s.p += run.n;
		s.n -= run.n;
		if (s.n) {
			buf_puts(b, "\xef\xbf\xbd");
			s.p++;
			s.n--;
		}
	}
	buf_putc(b, '"');
}

enum { PLACES = 7, PLACES_UNIT = 10000000 };

/*
 * A decimal of few places, as %.15g has it, which is slow: what the quotient of
 * two whole numbers rounds to is what its digits say.
 */
static bool
put_places(struct buf *b, double v)
{
	char s[NUM_DIGITS + PLACES + 3], *to = s;
	double whole = nearbyint(fabs(v) * PLACES_UNIT);
	uint64_t n = (uint64_t)whole, part = n % PLACES_UNIT;
	int i;

	if (whole / PLACES_UNIT != fabs(v))
		return false;
	if (v < 0)
		*to++ = '-';
	to = num_decimal(to, n / PLACES_UNIT);
	if (part) {
		*to = '.';
		for (i = PLACES; i; i--, part /= 10)
			to[i] = (char)('0' + part % 10);
		for (to += PLACES; *to == '0';)
			to--;
		to++;
	}
	buf_put(b, s, (size_t)(to - s));
	return true;
}

void
buf_double(struct buf *b, double v)
{
	char s[40], shorter[40];

	if (!isfinite(v)) {
		buf_puts(b, "null");
		return;
	}
	if (((fabs(v) >= 1e-4 && fabs(v) < 1e8) || (v == 0 && !signbit(v))) &&
	    put_places(b, v))
		return;
	/* 15 digits hold any shorter decimal; %g strips its zeros. */
	snprintf(s, sizeof(s), "%.16g", v);
	if (strtod(s, NULL) == v) {
		snprintf(shorter, sizeof(shorter), "%.15g", v);
		buf_puts(b, strtod(shorter, NULL) == v ? shorter : s);
		return;
	}
	snprintf(s, sizeof(s), "%.17g", v);
	buf_puts(b, s);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char *to = buf_room(b, NUM_DIGITS);

	if (to)
		b->n += (size_t)(num_decimal(to, v) - to);
}

void
buf_base64(struct buf *b, const void *data, size_t n)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				  "qrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	char *to = buf_room(b, (n + 2) / 3 * 4);
	size_t i, left;
	unsigned v;

	if (!to)
		return;
	for (i = 0; i < n; i += 3) {
		left = n - i;
		v = (unsigned)p[i] << 16;
		v |= left > 1 ? (unsigned)p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned)p[i + 2] : 0;
		*to++ = abc[v >> 18];
		*to++ = abc[v >> 12 & 63];
		*to++ = left > 1 ? abc[v >> 6 & 63] : '=';
		*to++ = left > 2 ? abc[v & 63] : '=';
	}
	b->n += (n + 2) / 3 * 4;
}

int
buf_ok(const struct buf *b, struct err *e)
{
	return b->oom ? err_nomem(e, "a buffer") : 0;
}

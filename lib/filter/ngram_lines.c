/* SPDX-License-Identifier: MIT */
/* Lines and numbers of ARPA files. */
#include "filter/ngram_lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "io/stream.h"

enum { BUFFER = 4 * NGRAM_LINE_MAX };

/* Read on behind what is left. */
static int
refill(struct ngram_lines *l, struct err *e)
{
	ptrdiff_t got;

	if (!l->buf) {
		l->buf = malloc(BUFFER);
		if (!l->buf)
			return err_nomem(e, "the model");
	}
	memmove(l->buf, l->buf + l->from, l->to - l->from);
	l->to -= l->from;
	l->from = 0;
	got = in_read(l->in, l->buf + l->to, BUFFER - l->to, e);
	if (got < 0)
		return e->code;
	l->to += (size_t)got;
	l->ended = got == 0;
	return 0;
}

int
ngram_lines_next(struct ngram_lines *l, struct str *line, struct err *e)
{
	const char *nl = NULL;
	size_t seen = 0, n;

	l->at = l->next;
	for (;;) {
		n = l->to - l->from;
		if (n > seen)
			nl = memchr(l->buf + l->from + seen, '\n', n - seen);
		if (nl || l->ended)
			break;
		if (n > NGRAM_LINE_MAX)
			return err_set(e, ERR_FORMAT,
			    "byte %llu: a line of over %d bytes",
			    (unsigned long long)l->at, NGRAM_LINE_MAX);
		seen = n;
		if (refill(l, e) < 0)
			return e->code;
	}
	if (n == 0)
		return 0;
	*line = (struct str){ l->buf + l->from,
		nl ? (size_t)(nl - (l->buf + l->from)) : n };
	n = line->n + (nl != NULL);
	l->from += n;
	l->next += n;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return 1;
}

void
ngram_lines_free(struct ngram_lines *l)
{
	free(l->buf);
	l->buf = NULL;
}

/* By the C library: any length, any exponent. */
static bool
number_slow(struct str *s, float *v)
{
	char text[64], *end;
	size_t n = s->n < sizeof(text) - 1 ? s->n : sizeof(text) - 1;

	memcpy(text, s->p, n);
	text[n] = '\0';
	if (strchr("+-.0123456789", *text) == NULL || *text == '\0')
		return false;
	*v = strtof(text, &end);
	n = (size_t)(end - text);
	s->p += n;
	s->n -= n;
	return n > 0 && isfinite(*v);
}

/*
 * Digits of at most 2^53 over a power of ten of at most 22 give the nearest
 * double; rounding that again is right unless it lies near the middle of two
 * floats.
 * Source: Clinger, "How to Read Floating Point Numbers Accurately" (1990).
 */
bool
ngram_number(struct str *s, float *v)
{
	static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	const char *p = s->p, *end = p + s->n;
	uint64_t digits = 0, bits;
	unsigned n = 0, after = 0;
	bool minus = p < end && *p == '-';
	double d;

	for (p += minus; p < end && *p >= '0' && *p <= '9' && n < 16; p++, n++)
		digits = digits * 10 + (unsigned)(*p - '0');
	if (p < end && *p == '.' && n)
		for (p++; p < end && *p >= '0' && *p <= '9' && n < 16;
		     p++, n++, after++)
			digits = digits * 10 + (unsigned)(*p - '0');
	if (n == 0 || n > 15 || (p < end && *p != '\t' && *p != ' '))
		return number_slow(s, v);
	d = (double)digits / tens[after];
	memcpy(&bits, &d, sizeof(bits));
	bits &= ((uint64_t)1 << 29) - 1;
	if (bits - 0x0ffffff0 < 0x20)
		return number_slow(s, v);
	*v = (float)(minus ? -d : d);
	s->n -= (size_t)(p - s->p);
	s->p = p;
	return true;
}

static const double tens_of[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
	1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };

enum { SIX = 6, NINE = 9, LEAST_EXPONENT = -6, MOST_EXPONENT = 8 };

/* Digits of v, 1e-6 to 1e9, whose first stands for 10^exponent: 6 are always
 * shortest but for zeros at the end, 9 always enough. */
static uint64_t
shortest(double v, int exponent)
{
	uint64_t r = 0;
	int n;

	for (n = exponent < SIX ? SIX : exponent + 1; n <= NINE; n++) {
		r = (uint64_t)rint(v * tens_of[n - 1 - exponent]);
		if ((float)((double)r / tens_of[n - 1 - exponent]) == (float)v)
			break;
	}
	while (r % 10 == 0)
		r /= 10;
	return r;
}

static int
exponent_of(double v)
{
	int e = 0;

	while (e < MOST_EXPONENT && v >= tens_of[e + 1])
		e++;
	while (e <= 0 && e >= LEAST_EXPONENT && v * tens_of[-e] < 1)
		e--;
	return e;
}

void
ngram_put_float(struct buf *b, float f)
{
	double v = fabs((double)f);
	int e = exponent_of(v), n, i;
	char digits[NUM_DIGITS], text[32];

	if (v == 0) {
		buf_putc(b, '0');
		return;
	}
	if (e < LEAST_EXPONENT || v >= tens_of[NINE]) {
		for (n = SIX; n <= NINE; n++) {
			snprintf(text, sizeof(text), "%.*g", n, (double)f);
			if (strtof(text, NULL) == f)
				break;
		}
		buf_puts(b, text);
		return;
	}
	if (f < 0)
		buf_putc(b, '-');
	n = (int)(num_decimal(digits, shortest(v, e)) - digits);
	if (n == 10 || (e >= 0 && n == 1 && digits[0] == '1' && v < 1))
		e++;
	if (e < 0)
		buf_puts(b, "0.");
	for (i = e; i < -1; i++)
		buf_putc(b, '0');
	for (i = 0; i < n || i <= e; i++) {
		if (i == e + 1 && e >= 0)
			buf_putc(b, '.');
		buf_putc(b, i < n ? digits[i] : '0');
	}
}

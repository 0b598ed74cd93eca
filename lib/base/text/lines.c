/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"

struct str
text_lstrip(struct str s)
{
	size_t len;

	while (s.n && text_is_space(utf8_get(s.p, s.p + s.n, &len))) {
		s.p += len;
		s.n -= len;
	}
	return s;
}

struct str
text_rstrip(struct str s)
{
	size_t len, last;

	while (s.n) {
		last = s.n - 1;
		while (last && ((unsigned char)s.p[last] & 0xc0) == 0x80)
			last--;
		if (!text_is_space(utf8_get(s.p + last, s.p + s.n, &len)))
			break;
		s.n = last;
	}
	return s;
}

struct str
text_strip(struct str s)
{
	return text_rstrip(text_lstrip(s));
}

/* Bytes of the line end at p < end; 0 if there is none. */
static size_t
line_end(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);

	if (*p == '\r')
		return 1 + (left > 1 && p[1] == '\n');
	if (*p <= 0x1e)
		return (*p >= 0x0a && *p <= 0x0c) || *p >= 0x1c;
	if (*p == 0xc2)
		return left > 1 && p[1] == 0x85 ? 2 : 0;
	if (*p != 0xe2 || left < 3 || p[1] != 0x80)
		return 0;
	return p[2] == 0xa8 || p[2] == 0xa9 ? 3 : 0;
}

/* The first bytes of line ends. */
static inline bool
may_end(unsigned char c)
{
	return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) ||
	       c == 0xc2 || c == 0xe2;
}

/* The first place from p on where a line end may begin, or end. */
static inline const unsigned char *
next_end(const unsigned char *p, const unsigned char *end)
{
	bytes c, hit;

	for (; end - p >= BYTES; p += BYTES) {
		c = bytes_load(p);
		hit = (bytes)((c - 0x0a < 4) | (c - 0x1c < 3) | (c == 0xc2) |
			      (c == 0xe2));
		if (bytes_mask(hit))
			return p + bytes_first(hit);
	}
	while (p < end && !may_end(*p))
		p++;
	return p;
}

bool
text_lines_next(struct text_lines *l, struct str *line)
{
	const unsigned char *p = (const unsigned char *)l->text.p, *at = p;
	const unsigned char *end = p + l->text.n;
	size_t stop = 0;

	if (l->text.n == 0)
		return false;
	for (at = next_end(at, end); at < end; at = next_end(at + 1, end))
		if ((stop = line_end(at, end)))
			break;
	*line = (struct str){ l->text.p, (size_t)(at - p) };
	l->text.p += line->n + stop;
	l->text.n -= line->n + stop;
	return true;
}

bool
text_pieces_next(struct text_pieces *s, struct str *piece)
{
	const char *p = s->text.p, *end = p + s->text.n, *at = p, *run;

	if (s->done)
		return false;
	*piece = s->text;
	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		for (run = at; run < end && *run == '\n'; run++)
			;
		if ((size_t)(run - at) >= s->min) {
			piece->n = (size_t)(at - p);
			s->text.p = run;
			s->text.n = (size_t)(end - run);
			return true;
		}
		at = run;
	}
	s->done = true;
	return true;
}

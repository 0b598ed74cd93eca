/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <uchardet.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "extract/charset.h"

enum {
	MAX_ENCS = 64,
	GUESS_BYTES = 256 * 1024, /* of a page, for uchardet */
	/* A page labelled UTF-8 with one bad byte in so many stays UTF-8. */
	FEW = 20,
};

struct charset {
	iconv_t cd[MAX_ENCS]; /* (iconv_t)-1: not opened */
	bool tried[MAX_ENCS];
	uchardet_t guess;
};

struct charset *
charset_new(void)
{
	struct charset *c = calloc(1, sizeof(*c));

	if (c)
		c->guess = uchardet_new();
	if (c && !c->guess) {
		free(c);
		return NULL;
	}
	return c;
}

void
charset_free(struct charset *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < charset_nenc; i++)
		if (c->tried[i] && c->cd[i] != (iconv_t)-1)
			iconv_close(c->cd[i]);
	uchardet_delete(c->guess);
	free(c);
}

static void
put_bad(struct buf *out)
{
	buf_put(out, "\xef\xbf\xbd", 3);
}

/* What is valid stays; each other byte, or cut-off sequence, is U+FFFD. */
static void
repair_utf8(struct str s, struct buf *out)
{
	size_t n;

	while (s.n) {
		n = utf8_valid_prefix(s);
		buf_put(out, s.p, n);
		if (n == s.n)
			return;
		put_bad(out);
		do
			n++; /* the rest of a sequence makes one U+FFFD */
		while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80);
		s.p += n;
		s.n -= n;
	}
}

struct census {
	uint64_t multi; /* valid multi-byte sequences */
	uint64_t bad;   /* bad places */
	bool cut;       /* the only bad place is the last sequence */
};

static bool
starts_sequence(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];

	return s.n < 4 && c >= 0xc2 && c <= 0xf4 &&
	       s.n < (c < 0xe0      ? 2u
			 : c < 0xf0 ? 3u
				    : 4u);
}

/* Is there a byte that isn't ASCII? */
static bool
has_high(struct str s)
{
	uint64_t w[8], any = 0;
	size_t i = 0;

	for (; i + sizeof(w) <= s.n && !any; i += sizeof(w)) {
		memcpy(w, s.p + i, sizeof(w));
		any = (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) &
		      UINT64_C(0x8080808080808080);
	}
	for (; i < s.n && !any; i++)
		any = (unsigned char)s.p[i] >= 0x80;
	return any;
}

/* valid: the bytes of s that are known to be valid.  Of text that is valid
 * all through, only whether there are sequences at all. */
static struct census
count_utf8(struct str s, size_t valid)
{
	struct census c = { 0 };
	size_t i;

	if (valid == s.n) {
		c.multi = has_high(s);
		return c;
	}

	for (;; valid = utf8_valid_prefix(s)) {
		for (i = 0; i < valid; i++)
			c.multi += (unsigned char)s.p[i] >= 0xc0;
		s.p += valid;
		s.n -= valid;
		if (s.n == 0)
			return c;
		c.bad++;
		c.cut = c.bad == 1 && starts_sequence(s);
		do { /* the rest of a sequence is part of one bad place */
			s.p++;
			s.n--;
		} while (s.n && ((unsigned char)s.p[0] & 0xc0) == 0x80);
	}
}

/* 1, or 0 if the system's iconv doesn't know the encoding. */
static int
convert(
    struct charset *c, int enc, struct str s, struct buf *out, struct err *e)
{
	char *in = (char *)(uintptr_t)s.p, *to;
	size_t left = s.n, room, had;

	if (enc == CHARSET_UTF8) {
		repair_utf8(s, out);
		return buf_ok(out, e) < 0 ? e->code : 1;
	}
	if (!c->tried[enc]) {
		c->tried[enc] = true;
		c->cd[enc] = iconv_open("UTF-8", charset_encs[enc].iconv);
	}
	if (c->cd[enc] == (iconv_t)-1)
		return 0;
	iconv(c->cd[enc], NULL, NULL, NULL, NULL);
	while (left) {
		room = had = left + left / 2 + 64;
		to = buf_room(out, room);
		if (!to)
			return err_nomem(e, "a page's text");
		if (iconv(c->cd[enc], &in, &left, &to, &room) != (size_t)-1) {
			out->n += had - room;
			break;
		}
		out->n += had - room;
		if (errno == E2BIG)
			continue;
		put_bad(out);
		if (errno == EINVAL)
			break; /* cut off within a character */
		in++;
		left--;
	}
	return buf_ok(out, e) < 0 ? e->code : 1;
}

static int
bom(struct str s, size_t *skip)
{
	*skip = 0;
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		*skip = 3;
		return CHARSET_UTF8;
	}
	if (s.n >= 2 && memcmp(s.p, "\xff\xfe", 2) == 0) {
		*skip = 2;
		return CHARSET_UTF16LE;
	}
	if (s.n >= 2 && memcmp(s.p, "\xfe\xff", 2) == 0) {
		*skip = 2;
		return CHARSET_UTF16BE;
	}
	return -1;
}

/* UTF-16 without a mark: text whose every other byte is zero. */
static int
utf16_by_zeros(struct str s)
{
	enum { LOOK = 512 };
	size_t zeros[2] = { 0, 0 }, i, n = s.n < LOOK ? s.n : LOOK;

	for (i = 0; i < n; i++)
		zeros[i & 1] += s.p[i] == 0;
	if (n >= 8 && zeros[1] > n * 3 / 8 && zeros[0] < n / 16)
		return CHARSET_UTF16LE;
	if (n >= 8 && zeros[0] > n * 3 / 8 && zeros[1] < n / 16)
		return CHARSET_UTF16BE;
	return -1;
}

static int
guess(struct charset *c, struct str s)
{
	int enc = -1;

	s.n = s.n < GUESS_BYTES ? s.n : GUESS_BYTES;
	uchardet_reset(c->guess);
	if (uchardet_handle_data(c->guess, s.p, s.n) == 0) {
		uchardet_data_end(c->guess);
		enc = charset_lookup(str_c(uchardet_get_charset(c->guess)));
	}
	return enc;
}

/* The labels in order of trust; -1 if there is no usable one. */
static int
labelled(struct str s, struct str label, bool html)
{
	int enc = charset_lookup(label);

	if (enc < 0 && html) {
		enc = charset_lookup(charset_prescan(s));
		/* The label could be read: it can't be UTF-16. */
		if (enc == CHARSET_UTF16LE || enc == CHARSET_UTF16BE)
			enc = CHARSET_UTF8;
	}
	return enc;
}

/* Does pure ASCII mean something else: ISO-2022's escapes? */
static bool
has_escapes(struct str s)
{
	return memchr(s.p, 0x1b, s.n) != NULL;
}

static int
decide(struct charset *c, struct str s, struct str label, bool html,
    const struct census *n)
{
	int enc = utf16_by_zeros(s);

	if (enc >= 0)
		return enc;
	if ((n->multi && !n->bad) || (n->multi && n->cut && n->bad == 1))
		return CHARSET_UTF8;
	enc = labelled(s, label, html);
	if (!n->multi && !n->bad && !has_escapes(s))
		return CHARSET_UTF8;
	if (enc == CHARSET_UTF8 && n->bad > n->multi / FEW + 1)
		enc = -1;
	if (enc < 0)
		enc = guess(c, s);
	if (enc == CHARSET_UTF8 && n->bad > n->multi)
		enc = -1;
	return enc < 0 ? CHARSET_1252 : enc;
}

int
charset_decode(struct charset *c, struct str s, struct str label, bool html,
    struct buf *out, struct str *text, const char **name, struct err *e)
{
	struct census n = { 0 };
	size_t skip, valid = utf8_valid_prefix(s);
	int enc = bom(s, &skip), rc;

	s.p += skip;
	s.n -= skip;
	buf_clear(out);
	*text = s;
	if (s.n == 0) {
		*name = charset_encs[enc < 0 ? CHARSET_UTF8 : enc].name;
		return 0;
	}
	if (enc < 0) {
		n = count_utf8(s, valid > skip ? valid - skip : 0);
		enc = decide(c, s, label, html, &n);
	}
	*name = charset_encs[enc].name;
	if (enc == CHARSET_UTF8 && valid == s.n + skip)
		return 0;
	rc = convert(c, enc, s, out, e);
	if (rc == 0) {
		*name = charset_encs[CHARSET_1252].name;
		rc = convert(c, CHARSET_1252, s, out, e);
	}
	*text = buf_view(out);
	return rc < 0 ? rc : 0;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/url.h"

enum { MAX_PARAMS = 256 };

/* Parameters that only tell where a visitor came from. */
static const struct str tracking[] = { { "fbclid", 6 }, { "gclid", 5 },
	{ "dclid", 5 }, { "gbraid", 6 }, { "wbraid", 6 }, { "msclkid", 7 },
	{ "yclid", 5 }, { "igshid", 6 }, { "mc_cid", 6 }, { "mc_eid", 6 },
	{ "phpsessid", 9 }, { "jsessionid", 10 } };

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void
put_lower(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_putc(out, lower(s.p[i]));
}

static bool
same_word(struct str a, struct str b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* The part of *s before the first of `marks`, or all; *s keeps the rest. */
static struct str
cut(struct str *s, const char *marks)
{
	struct str head = { s->p, 0 };

	while (head.n < s->n && !(s->p[head.n] && strchr(marks, s->p[head.n])))
		head.n++;
	s->p += head.n;
	s->n -= head.n;
	return head;
}

static struct str
trim(struct str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = (struct str){ s.p + 1, s.n - 1 };
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

static int
hex(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c && c < 0x80 && strchr("-._~", c) != NULL);
}

/* With escapes in their one form; bytes that need one get it. */
static void
put_escaped(struct str s, struct buf *out)
{
	size_t i;
	int c;

	for (i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c == '%' && s.n - i > 2 && hex(s.p[i + 1]) >= 0 &&
		    hex(s.p[i + 2]) >= 0) {
			c = hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]);
			i += 2;
		} else if (c > ' ' && c < 0x7f) {
			buf_putc(out, (char)c);
			continue;
		}
		if (is_unreserved(c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", (unsigned)c);
	}
}

static void
put_host(struct str s, struct buf *out)
{
	struct str host, rest = s, port;
	size_t i;

	for (i = 0; i < s.n; i++) /* behind the user's name */
		if (s.p[i] == '@')
			rest = (struct str){ s.p + i + 1, s.n - i - 1 };
	if (rest.n && rest.p[0] == '[') {
		host = cut(&rest, "]");
		put_lower(host, out);
		host = cut(&rest, ":");
	} else {
		host = cut(&rest, ":");
	}
	if (host.n >= 4 && same_word((struct str){ host.p, 4 }, STR("www.")))
		host = (struct str){ host.p + 4, host.n - 4 };
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	put_lower(host, out);
	port = rest;
	if (port.n > 1 && !str_eq(port, STR(":80")) &&
	    !str_eq(port, STR(":443")))
		buf_str(out, port);
}

/* Back to where the segment before begins; base: where the path does. */
static void
drop_segment(struct buf *out, size_t base)
{
	while (out->n > base && out->p[--out->n] != '/')
		;
}

static void
put_path(struct str path, struct buf *out)
{
	size_t base = out->n;
	struct str segment;

	while (path.n && !out->oom) {
		if (path.p[0] == '/')
			path = (struct str){ path.p + 1, path.n - 1 };
		segment = cut(&path, "/");
		if (str_eq(segment, STR("..")))
			drop_segment(out, base);
		else if (segment.n && !str_eq(segment, STR("."))) {
			buf_putc(out, '/');
			put_escaped(segment, out);
		}
	}
}

static bool
is_tracking(struct str param)
{
	struct str name = cut(&param, "=");
	size_t i;

	if (name.n >= 4 && same_word((struct str){ name.p, 4 }, STR("utm_")))
		return true;
	for (i = 0; i < sizeof(tracking) / sizeof(*tracking); i++)
		if (same_word(name, tracking[i]))
			return true;
	return false;
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
put_query(struct str query, struct buf *out)
{
	struct str v[MAX_PARAMS], param;
	size_t i, n = 0;

	while (query.n && n < MAX_PARAMS) {
		query = (struct str){ query.p + 1, query.n - 1 };
		/* The last that there is room for is all the rest. */
		param = cut(&query, n + 1 < MAX_PARAMS ? "&" : "");
		if (param.n && !is_tracking(param))
			v[n++] = param;
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), by_bytes);
	for (i = 0; i < n; i++) {
		buf_putc(out, i ? '&' : '?');
		put_escaped(v[i], out);
	}
}

/* The scheme's name before "://", or nothing. */
static struct str
cut_scheme(struct str *s)
{
	struct str rest = *s, scheme = cut(&rest, ":/?#");

	if (!str_starts(rest, STR("://")))
		return (struct str){ NULL, 0 };
	*s = (struct str){ rest.p + 3, rest.n - 3 };
	return scheme;
}

int
url_canonical(struct str url, struct buf *out, struct err *e)
{
	struct str scheme, host, path, rest = trim(url), query;

	rest = cut(&rest, "#");
	scheme = cut_scheme(&rest);
	if (!same_word(scheme, STR("http")) &&
	    !same_word(scheme, STR("https")) && scheme.n) {
		put_lower(scheme, out);
		buf_puts(out, "://");
	}
	host = cut(&rest, "/?");
	path = cut(&rest, "?");
	query = rest;
	put_host(host, out);
	put_path(path, out);
	put_query(query, out);
	return buf_ok(out, e);
}

/* SPDX-License-Identifier: MIT */
#include "extract/archive.h"
#include "extract/digest.h"
#include "extract/field.h"
#include "extract/http.h"

/* Keys ------------------------------------------------------------------- */

static void
put_lower(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_putc(
		    out, field_is_space(s.p[i]) ? '+' : field_lower(s.p[i]));
}

/* "www.", "www2." at the start of a host say nothing. */
static struct str
without_www(struct str host)
{
	size_t i = 3;

	if (!field_is((struct str){ host.p, host.n < 3 ? host.n : 3 }, "www"))
		return host;
	while (i < host.n && field_is_digit(host.p[i]))
		i++;
	if (i + 1 < host.n && host.p[i] == '.')
		return (struct str){ host.p + i + 1, host.n - i - 1 };
	return host;
}

static void
put_host(struct buf *out, struct str host)
{
	size_t i, end = host.n;
	bool number = true;

	for (i = 0; i < host.n; i++)
		number &= field_is_digit(host.p[i]) || host.p[i] == '.';
	if (number) {
		put_lower(out, host);
		return;
	}
	for (i = host.n; i-- > 0;) {
		if (host.p[i] != '.')
			continue;
		put_lower(out, (struct str){ host.p + i + 1, end - i - 1 });
		buf_putc(out, ',');
		end = i;
	}
	put_lower(out, (struct str){ host.p, end });
}

/* "host:port", without what stands before '@'. */
static void
put_authority(struct buf *out, struct str s, bool https)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL, *colon;
	struct str host, port = { NULL, 0 };

	if (at)
		s = (struct str){ at + 1, (size_t)(s.p + s.n - at) - 1 };
	colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	host = (struct str){ s.p, colon ? (size_t)(colon - s.p) : s.n };
	if (colon)
		port = (struct str){ colon + 1, s.n - host.n - 1 };
	put_host(out, without_www(host));
	if (port.n && !str_eq(port, https ? STR("443") : STR("80"))) {
		buf_putc(out, ':');
		put_lower(out, port);
	}
	buf_putc(out, ')');
}

static struct str
until(struct str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;

	return p ? (struct str){ s.p, (size_t)(p - s.p) } : s;
}

/* "dns:x" stays; "metadata://x/y" becomes "metadata)/x/y". */
static void
put_other(struct buf *out, struct str url)
{
	const char *at = field_find(url, "://");

	if (at) {
		put_lower(out, (struct str){ url.p, (size_t)(at - url.p) });
		buf_puts(out, ")/");
		url = (struct str){ at + 3, url.n - (size_t)(at + 3 - url.p) };
	}
	put_lower(out, url);
}

void
archive_surt(struct str url, struct buf *out)
{
	bool https = field_find(until(url, '/'), "https:") != NULL;
	bool http = https || field_find(until(url, '/'), "http:") != NULL;
	struct str rest, host, path;

	url = until(url, '#');
	if (!http || url.n < 7) {
		put_other(out, url);
		return;
	}
	rest = (struct str){ url.p + (https ? 8 : 7), url.n - (https ? 8 : 7) };
	host = until(until(rest, '/'), '?');
	rest = (struct str){ rest.p + host.n, rest.n - host.n };
	path = until(rest, '?');
	put_authority(out, host, https);
	if (path.n > 1 && path.p[path.n - 1] == '/')
		put_lower(out, (struct str){ path.p, path.n - 1 });
	else
		put_lower(out, path.n ? path : STR("/"));
	if (rest.n > path.n + 1)
		put_lower(
		    out, (struct str){ rest.p + path.n, rest.n - path.n });
}

/* Lines ------------------------------------------------------------------ */

/* A field: blanks would make two of one. */
static void
put_field(struct buf *out, struct str s)
{
	size_t i;

	buf_putc(out, ' ');
	if (!s.n)
		buf_putc(out, '-');
	for (i = 0; i < s.n; i++) {
		if (field_is_space(s.p[i]))
			buf_puts(out, "%20");
		else
			buf_putc(out, s.p[i]);
	}
}

/* "2015-07-08T21:55:13Z" as "20150708215513". */
static void
put_date(struct buf *out, struct str date)
{
	size_t i, n = 0;

	buf_putc(out, ' ');
	for (i = 0; i < date.n && n < 14; i++)
		if (field_is_digit(date.p[i])) {
			buf_putc(out, date.p[i]);
			n++;
		}
	for (; n < 14; n++)
		buf_putc(out, '0');
}

static void
put_digest(struct buf *out, const struct warc_rec *r, struct str body)
{
	struct str d = warc_field(r->head, "WARC-Payload-Digest");
	const char *colon = d.n ? memchr(d.p, ':', d.n) : NULL;

	if (colon) {
		put_field(out,
		    (struct str){ colon + 1, d.n - (size_t)(colon + 1 - d.p) });
		return;
	}
	buf_putc(out, ' ');
	digest_sha1(body, out);
}

static bool
indexed(const struct warc_rec *r)
{
	return r->uri.n &&
	       (field_is(r->type, "response") || field_is(r->type, "revisit") ||
		   field_is(r->type, "resource") ||
		   field_is(r->type, "metadata"));
}

bool
archive_cdx(const struct warc_rec *r, struct buf *out)
{
	bool revisit = field_is(r->type, "revisit");
	struct http h = { .body = r->payload };
	struct str type = r->content_type;

	if (!indexed(r))
		return false;
	if (revisit || field_is(r->type, "response"))
		http_parse(&h, r->payload);
	if (h.status)
		type = h.content_type;
	archive_surt(r->uri, out);
	put_date(out, r->date);
	put_field(out, r->uri);
	put_field(out, revisit ? STR("warc/revisit") : field_main(type));
	if (h.status)
		buf_printf(out, " %d", h.status);
	else
		buf_puts(out, " -");
	put_digest(out, r, h.body);
	put_field(out,
	    h.status ? field_get(h.head, "Location") : (struct str){ NULL, 0 });
	buf_puts(out, " -");
	return true;
}

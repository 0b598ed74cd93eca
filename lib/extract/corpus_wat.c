/* SPDX-License-Identifier: MIT */
/*
 * A record of a WAT file: what a crawler noted of a response.  Its document is
 * the page's title, its description and the texts of its links, one a line.
 *
 *	Envelope.WARC-Header-Metadata.WARC-Type          response ...
 *	Envelope.Payload-Metadata.HTTP-Response-Metadata
 *	    .Response-Message.Status  .Headers
 *	    .HTML-Metadata.Head       Title, Metas [{name, content}], Link
 *	    .HTML-Metadata.Links      [{path: "A@/href", url, text}]
 *	Container                     Filename, Offset: where the response is
 *
 * Source: IIPC, Web Archive Metadata File Specification (WAT), 2011.
 */
#include "base/err.h"
#include "extract/corpus.h"
#include "extract/field.h"
#include "io/json.h"

enum { LOOK_WAT = 4096, MAX_LINKS = 1000000 };

bool
corpus_is_wat(struct str type, struct str payload)
{
	struct str s = { payload.p,
		payload.n < LOOK_WAT ? payload.n : LOOK_WAT };

	if (!field_is(field_main(type), "application/json"))
		return false;
	s = field_trim(s);
	return s.n && s.p[0] == '{' &&
	       (corpus_find(s, STR("\"Envelope\"")) < s.n ||
		   corpus_find(s, STR("\"Container\"")) < s.n);
}

/* A header's value, any case. */
static struct str
header(struct json_val headers, const char *lower)
{
	struct json_iter it = json_each(headers);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v))
		if (field_is(key, lower))
			return json_str(v);
	return (struct str){ NULL, 0 };
}

/* The content of the first <meta> of that name, whichever attribute names it.
 */
static struct str
meta_of(struct json_val metas, const char *lower)
{
	static const char *const keys[] = { "name", "property", "http-equiv" };
	struct json_iter it = json_each(metas);
	struct json_val v;
	struct str s;
	size_t k;

	while (json_next(&it, NULL, &v))
		for (k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			if (field_is(json_str(json_get(v, keys[k])), lower) &&
			    (s = field_trim(json_str(json_get(v, "content"))))
				.n)
				return s;
	return (struct str){ NULL, 0 };
}

static struct str
first_of(struct json_val metas, const char *a, const char *b)
{
	struct str s = meta_of(metas, a);

	return s.n ? s : meta_of(metas, b);
}

static struct str
canonical(struct json_val links)
{
	struct json_iter it = json_each(links);
	struct json_val v;

	while (json_next(&it, NULL, &v))
		if (field_is(json_str(json_get(v, "rel")), "canonical"))
			return json_str(json_get(v, "url"));
	return (struct str){ NULL, 0 };
}

/* A text in one line, its blanks as one. */
static void
put_line(struct buf *out, struct str s)
{
	size_t i;
	bool blank = false;

	s = field_trim(s);
	for (i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ') {
			blank = true;
			continue;
		}
		if (blank)
			buf_putc(out, ' ');
		blank = false;
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '\n');
}

static void
put_link(const struct corpus *c, struct json_val v, struct buf *out)
{
	struct str text = field_trim(json_str(json_get(v, "text")));
	struct str url = json_str(json_get(v, "url"));

	if (!text.n)
		text = field_trim(json_str(json_get(v, "title")));
	if (!text.n)
		return;
	buf_puts(out, c->markdown ? "- " : "");
	if (!(c->markdown && c->links && url.n)) {
		put_line(out, text);
		return;
	}
	buf_putc(out, '[');
	put_line(out, text);
	out->n -= out->n > 0;
	buf_puts(out, "](");
	buf_str(out, url);
	buf_puts(out, ")\n");
}

/* The links that a reader can click; their number. */
static uint64_t
put_links(const struct corpus *c, struct json_val links, struct buf *out)
{
	struct json_iter it = json_each(links);
	struct json_val v;
	uint64_t n = 0;

	while (n < MAX_LINKS && json_next(&it, NULL, &v)) {
		if (!field_is(json_str(json_get(v, "path")), "a@/href"))
			continue;
		n++;
		put_link(c, v, out);
	}
	return n;
}

static void
put_page(struct corpus *c, struct json_val html, struct corpus_doc *d)
{
	struct json_val head = json_get(html, "Head");
	struct json_val metas = json_get(head, "Metas");
	struct str title = field_trim(json_str(json_get(head, "Title")));
	struct str about = first_of(metas, "description", "og:description");

	buf_clear(&c->a);
	put_line(&c->a, title);
	corpus_member(d, "title", field_trim(buf_view(&c->a)));
	corpus_member(
	    d, "html_lang", first_of(metas, "content-language", "og:locale"));
	corpus_member(d, "author", meta_of(metas, "author"));
	corpus_member(d, "site_name", meta_of(metas, "og:site_name"));
	corpus_member(d, "published", meta_of(metas, "article:published_time"));
	corpus_member(d, "canonical", canonical(json_get(head, "Link")));
	if (title.n) {
		buf_puts(&d->text, c->markdown ? "# " : "");
		put_line(&d->text, title);
		buf_putc(&d->text, '\n');
	}
	if (about.n) {
		put_line(&d->text, about);
		buf_putc(&d->text, '\n');
	}
	buf_printf(&d->meta, "\"links\":%llu,",
	    (unsigned long long)put_links(
		c, json_get(html, "Links"), &d->text));
}

/* A number in digits, as most writers of WAT have it. */
static int64_t
number(struct json_val v)
{
	struct str s = json_str(v);
	int64_t n = 0;
	size_t i;

	if (!s.n)
		return json_int(v, -1);
	for (i = 0; i < s.n && i < 18 && field_is_digit(s.p[i]); i++)
		n = n * 10 + (s.p[i] - '0');
	return i == s.n ? n : -1;
}

/* Where the response itself is to be found. */
static void
put_container(struct json_val root, struct corpus_doc *d)
{
	struct json_val box = json_get(root, "Container");
	int64_t at = number(json_get(box, "Offset"));

	corpus_member(d, "archive", json_str(json_get(box, "Filename")));
	if (at >= 0)
		buf_printf(&d->meta, "\"archive_offset\":%lld,", (long long)at);
}

static int
noted(struct corpus *c, struct json_val root, struct corpus_doc *d)
{
	struct json_val all = json_get(root, "Envelope");
	struct json_val load = json_get(all, "Payload-Metadata");
	struct json_val http = json_get(load, "HTTP-Response-Metadata");
	struct json_val html = json_get(http, "HTML-Metadata");
	struct str kind =
	    json_str(json_path(all, "WARC-Header-Metadata.WARC-Type"));
	int64_t status = number(json_path(http, "Response-Message.Status"));
	struct str type = header(json_get(http, "Headers"), "content-type");

	if (json_type(http) != JSON_OBJECT ||
	    (kind.n && !field_is(kind, "response")))
		return corpus_drop(d, "not_a_response", kind);
	if (status > 0 && (status < 200 || status > 299))
		return corpus_drop_value(d, "http_status", (double)status, 299);
	if (json_type(html) != JSON_OBJECT)
		return corpus_drop(d, "content_type", type);
	put_page(c, html, d);
	put_container(root, d);
	corpus_tidy(&d->text);
	return 0;
}

int
corpus_wat(struct corpus *c, const struct corpus_item *it, struct corpus_doc *d,
    struct err *e)
{
	struct json *j;
	struct err why;

	(void)e;
	if (json_parse(&j, it->text.p, it->text.n, &why) < 0)
		return corpus_drop(d, "not_json", str_c(why.msg));
	noted(c, json_root(j), d);
	json_free(j);
	return 0;
}

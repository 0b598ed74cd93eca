/* SPDX-License-Identifier: MIT */
/*
 * An EPUB: a zip whose META-INF/container.xml names a package (.opf), whose
 * <manifest> names the files by id and whose <spine> puts the chapters in
 * order.  Without a package, or with a broken one, the XHTML files come in
 * their order in the zip.
 *
 * Source: EPUB 3.3, W3C Recommendation 2023, sections 4 and 5.
 */
#include "base/err.h"
#include "extract/charset.h"
#include "extract/corpus.h"
#include "extract/field.h"
#include "extract/unpack.h"

enum { MAX_FILES = 20000, MAX_SPINE = 4000, MAX_PACKAGE = 1 << 20 };

/* The zip's texts as a bundle; pictures and fonts are passed over. */
static bool
is_text(struct str path)
{
	static const char *const ends[] = { ".opf", ".xml", ".xhtml", ".html",
		".htm" };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (path.n > n &&
		    field_is((struct str){ path.p + path.n - n, n }, ends[i]))
			return true;
	}
	return false;
}

/* 0, or why the book is not whole. */
static int
unzip(struct str zip, uint64_t max, struct buf *bundle, struct err *e)
{
	struct unpack *u = NULL;
	struct unpack_entry x;
	size_t files = 0, room;
	int rc = unpack_memory(&u, zip, max, e);

	while (rc == 0 && (rc = unpack_next(u, &x, e)) == 1) {
		rc = 0;
		if (!is_text(x.path) || files++ == MAX_FILES)
			continue;
		room =
		    (size_t)max - (bundle->n < max ? bundle->n : (size_t)max);
		if (window_fill(x.win, room + 1, e) < 0) {
			rc = e->code;
		} else if (x.win->broken.code || x.win->b.n > room) {
			rc = err_set(e, ERR_DAMAGE, "%s",
			    x.win->broken.code ? x.win->broken.msg
					       : "longer than --max-body");
		} else {
			corpus_bundle_put(bundle, x.path, buf_view(&x.win->b));
		}
	}
	unpack_close(u);
	return rc;
}

static struct str
file_named(struct str bundle, struct str folder, struct str name)
{
	struct str path, bytes;
	struct buf want = { 0 };
	bool found = false;

	buf_str(&want, folder);
	buf_str(&want, name);
	while (want.n && !found && corpus_bundle_next(&bundle, &path, &bytes))
		found = str_eq(path, buf_view(&want)) ||
			(path.n > want.n && str_ends(path, buf_view(&want)) &&
			    path.p[path.n - want.n - 1] == '/');
	buf_free(&want);
	return found ? bytes : (struct str){ NULL, 0 };
}

/* "OEBPS/content.opf" by META-INF/container.xml. */
static struct str
package_path(struct str bundle)
{
	static const struct str none = { NULL, 0 };
	struct str xml =
	    file_named(bundle, none, STR("META-INF/container.xml"));
	struct corpus_tag t;

	while (corpus_xml_next(&xml, &t))
		if (field_is(t.name, "rootfile"))
			return corpus_xml_att(t.atts, "full-path");
	return none;
}

static void
metadata(struct str opf, struct corpus *c, struct corpus_doc *d)
{
	static const char *const keys[][2] = { { "title", "title" },
		{ "creator", "author" }, { "language", "html_lang" },
		{ "rights", "rights" }, { "date", "published" },
		{ "identifier", "identifier" } };
	unsigned seen = 0;
	struct corpus_tag t;
	size_t i;

	while (corpus_xml_next(&opf, &t)) {
		if (t.close && field_is(t.name, "metadata"))
			break;
		for (i = 0; t.close && i < sizeof(keys) / sizeof(*keys); i++) {
			if (!field_is(t.name, keys[i][0]) || seen >> i & 1)
				continue;
			buf_clear(&c->b);
			corpus_unescape(field_trim(t.text), &c->b);
			corpus_member(d, keys[i][1], buf_view(&c->b));
			seen |= 1u << i;
		}
	}
}

static int
chapter(struct corpus *c, struct str html, struct corpus_doc *d, struct err *e)
{
	static const struct str no_label = { NULL, 0 };
	const char *name;

	if (charset_decode(
		c->charset, html, no_label, true, &c->b, &html, &name, e) < 0)
		return e->code;
	if (d->text.n)
		buf_puts(&d->text, "\n\n");
	return corpus_html(c, html, &d->text, e);
}

/* The <item> of the manifest with that id: its href; nav has no text. */
static struct str
manifest_item(struct str opf, struct str id)
{
	struct corpus_tag t;
	struct str properties;

	while (corpus_xml_next(&opf, &t)) {
		if (!field_is(t.name, "item") ||
		    !str_eq(corpus_xml_att(t.atts, "id"), id))
			continue;
		properties = corpus_xml_att(t.atts, "properties");
		if (properties.n && field_find(properties, "nav"))
			break;
		return corpus_xml_att(t.atts, "href");
	}
	return (struct str){ NULL, 0 };
}

/* %20 and the like. */
static void
unquote(struct str s, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	const char *a, *b;
	size_t i;

	for (i = 0; i < s.n && s.p[i] != '#'; i++) {
		a = i + 2 < s.n && s.p[i] == '%'
			? strchr(hex, field_lower(s.p[i + 1]))
			: NULL;
		b = a ? strchr(hex, field_lower(s.p[i + 2])) : NULL;
		if (b && *a && *b) {
			buf_putc(out, (char)((a - hex) * 16 + (b - hex)));
			i += 2;
		} else {
			buf_putc(out, s.p[i]);
		}
	}
}

/* *lost: a chapter of the spine isn't in the zip. */
static int
in_spine_order(struct corpus *c, struct str bundle, struct str opf,
    struct str folder, bool *lost, struct corpus_doc *d, struct err *e)
{
	struct str rest = opf, href, html;
	struct corpus_tag t;
	size_t items = 0;
	int rc = 0;

	while (rc == 0 && corpus_xml_next(&rest, &t)) {
		if (!field_is(t.name, "itemref") || t.close ||
		    ++items > MAX_SPINE)
			continue;
		href = manifest_item(opf, corpus_xml_att(t.atts, "idref"));
		if (!href.n)
			continue;
		buf_clear(&c->b);
		unquote(href, &c->b);
		html = file_named(bundle, folder, buf_view(&c->b));
		if (html.n)
			rc = chapter(c, html, d, e);
		else if (!html.p && is_text(buf_view(&c->b)))
			*lost = true;
	}
	return rc;
}

static int
in_zip_order(
    struct corpus *c, struct str bundle, struct corpus_doc *d, struct err *e)
{
	struct str path, bytes;
	int rc = 0;

	while (rc == 0 && corpus_bundle_next(&bundle, &path, &bytes))
		if (!str_ends(path, STR(".xml")) &&
		    !str_ends(path, STR(".opf")))
			rc = chapter(c, bytes, d, e);
	return rc;
}

int
corpus_epub(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct str bundle, path, opf, folder, body;
	struct err why;
	bool damaged, lost = false;
	int rc;

	buf_clear(&c->a);
	rc = unzip(it->text, c->max_body, &c->a, &why);
	if (rc < 0 && rc != ERR_DAMAGE) {
		*e = why;
		return rc;
	}
	damaged = rc == ERR_DAMAGE;
	if (damaged)
		buf_puts(&d->meta, "\"truncated\":true,");
	bundle = buf_view(&c->a);
	path = package_path(bundle);
	opf = file_named(bundle, (struct str){ NULL, 0 }, path);
	opf.n = opf.n < MAX_PACKAGE ? opf.n : MAX_PACKAGE;
	for (folder = path; folder.n && folder.p[folder.n - 1] != '/';)
		folder.n--;
	metadata(opf, c, d);
	rc = in_spine_order(c, bundle, opf, folder, &lost, d, e);
	if (lost && !damaged)
		buf_puts(&d->meta, "\"truncated\":true,");
	if (rc == 0 && !d->text.n)
		rc = in_zip_order(c, bundle, d, e);
	if (rc < 0)
		return rc;
	body = corpus_book_body(buf_view(&d->text));
	if (body.n < d->text.n) {
		memmove(d->text.p, body.p, body.n);
		d->text.n = body.n;
	}
	corpus_tidy(&d->text);
	if (damaged && !d->text.n)
		return corpus_drop(d, "broken_epub", str_c(why.msg));
	return buf_ok(&c->a, e);
}

/* SPDX-License-Identifier: MIT */
/*
 * A <page> of a MediaWiki dump:
 *
 *	<page> <title>T</title> <ns>0</ns> <id>12</id> [<redirect title="U" />]
 *	  <revision> <id>34</id> <timestamp>...</timestamp>
 *	    <model>wikitext</model> <text ...>escaped wikitext</text>
 *	  </revision> </page>
 *
 * Of several revisions the last is taken.  What stood before the first page
 * (<siteinfo>) tells the site's address and what it calls its namespaces.
 *
 * Source: https://www.mediawiki.org/xml/export-0.11.xsd.
 */
#include "base/err.h"
#include "extract/corpus.h"
#include "extract/field.h"

struct wiki_page {
	struct str title, ns, id, model, time, text, redirect;
	bool has_redirect;
};

struct wiki_site {
	struct str base, file, category;
};

static void
read_page(struct str s, struct wiki_page *p)
{
	struct corpus_tag t;
	bool revision = false, contributor = false;

	while (corpus_xml_next(&s, &t)) {
		if (field_is(t.name, "revision"))
			revision = !t.close;
		else if (field_is(t.name, "contributor"))
			contributor = !t.close && !t.empty;
		else if (field_is(t.name, "redirect")) {
			p->has_redirect = true;
			p->redirect = corpus_xml_att(t.atts, "title");
		}
		if (!t.close || contributor)
			continue;
		if (field_is(t.name, "title"))
			p->title = t.text;
		else if (field_is(t.name, "ns"))
			p->ns = t.text;
		else if (field_is(t.name, "id") && !revision && !p->id.n)
			p->id = t.text;
		else if (field_is(t.name, "timestamp"))
			p->time = t.text;
		else if (field_is(t.name, "model"))
			p->model = t.text;
		else if (field_is(t.name, "text"))
			p->text = t.text;
	}
}

static void
read_site(struct str s, struct wiki_site *site)
{
	struct corpus_tag t;
	struct str key = { NULL, 0 };

	while (corpus_xml_next(&s, &t)) {
		if (t.close && field_is(t.name, "base"))
			site->base = t.text;
		if (!field_is(t.name, "namespace"))
			continue;
		if (!t.close) {
			key = corpus_xml_att(t.atts, "key");
			continue;
		}
		if (str_eq(key, STR("6")))
			site->file = t.text;
		else if (str_eq(key, STR("14")))
			site->category = t.text;
	}
}

/* The page's address: <base> up to its last '/', and the title. */
static void
put_url(struct corpus_doc *d, struct str base, struct str title)
{
	struct buf url = { 0 };
	size_t i;

	while (base.n && base.p[base.n - 1] != '/')
		base.n--;
	if (!base.n)
		return;
	buf_str(&url, base);
	for (i = 0; i < title.n; i++) {
		unsigned char c = (unsigned char)title.p[i];

		if (c == ' ')
			buf_putc(&url, '_');
		else if (c > ' ' && c < 0x7f && !strchr("\"%<>?[\\]^`{|}#", c))
			buf_putc(&url, (char)c);
		else
			buf_printf(&url, "%%%02X", c);
	}
	corpus_member(d, "url", buf_view(&url));
	d->meta.oom |= url.oom;
	buf_free(&url);
}

static void
describe(struct corpus *c, const struct wiki_page *p,
    const struct wiki_site *site, struct corpus_doc *d)
{
	buf_clear(&c->b);
	corpus_unescape(p->title, &c->b);
	put_url(d, site->base, buf_view(&c->b));
	corpus_member(d, "title", buf_view(&c->b));
	corpus_member(d, "date", p->time);
}

/* Why the page is none; true if it is dropped. */
static bool
no_article(const struct wiki_page *p, struct corpus_doc *d)
{
	struct str ns = p->ns.n ? p->ns : STR("0");

	if (p->has_redirect || field_find((struct str){ p->text.p,
					      p->text.n < 20 ? p->text.n : 20 },
				   "#redirect") == p->text.p) {
		if (p->text.n || p->has_redirect) {
			corpus_drop(d, "redirect", p->redirect);
			return true;
		}
	}
	if (!str_eq(ns, STR("0"))) {
		corpus_drop(d, "namespace", ns);
		return true;
	}
	if (p->model.n && !field_is(p->model, "wikitext")) {
		corpus_drop(d, "content_model", p->model);
		return true;
	}
	return false;
}

int
corpus_wiki(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct corpus_wikitext w = { .markdown = c->markdown,
		.links = c->links };
	struct wiki_page p = { 0 };
	struct wiki_site site = { 0 };
	int rc = 0;

	read_page(it->text, &p);
	buf_str(&d->id, p.id);
	if (no_article(&p, d))
		return 0;
	read_site(it->extra, &site);
	w.file = site.file;
	w.category = site.category;
	describe(c, &p, &site, d);
	buf_clear(&c->a);
	corpus_unescape(p.text, &c->a);
	corpus_wikitext(&w, buf_view(&c->a), &d->text);
	corpus_tidy(&d->text);
	if (w.categories.n) {
		buf_puts(&d->meta, "\"categories\":[");
		buf_str(&d->meta, buf_view(&w.categories));
		buf_puts(&d->meta, "],");
	}
	if (c->a.oom || w.categories.oom)
		rc = err_nomem(e, "a wiki page");
	buf_free(&w.stripped);
	buf_free(&w.categories);
	return rc;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/arc.h"
#include "extract/charset.h"
#include "extract/corpus.h"
#include "extract/field.h"
#include "extract/html.h"
#include "extract/http.h"
#include "extract/render.h"
#include "extract/worker.h"

struct worker {
	const struct extract_opts *opts;
	struct http_scratch http;
	struct charset *charset;
	struct html *html;
	struct page page;
	struct select select;
	struct buf decoded, text, detail, id;
	struct corpus corpus;
	struct corpus_doc doc;
};

/* One page on its way through. */
struct item {
	const struct source_rec *rec;
	struct str id, url, date;
	struct str content_type; /* "text/html", or empty */
	struct str label;        /* charset by the header */
	struct str body;
	bool html, truncated;
	const char *charset;
	const char *corpus; /* of an entry: "wiki" ... */
};

struct worker *
worker_new(const struct extract_opts *opts)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->opts = opts;
	w->charset = charset_new();
	w->html = html_new();
	if (!w->charset || !w->html) {
		worker_free(w);
		return NULL;
	}
	w->corpus = (struct corpus){ .html = w->html,
		.charset = w->charset,
		.markdown = opts->markdown,
		.links = opts->links,
		.max_body = opts->max_body };
	w->page.want_links = w->corpus.page.want_links =
	    opts->links && opts->markdown;
	return w;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	http_scratch_free(&w->http);
	charset_free(w->charset);
	html_free(w->html);
	page_free(&w->page);
	select_free(&w->select);
	buf_free(&w->decoded);
	buf_free(&w->text);
	buf_free(&w->detail);
	buf_free(&w->id);
	corpus_free(&w->corpus);
	corpus_doc_free(&w->doc);
	free(w);
}

static void
put_id(struct buf *b, const struct item *it)
{
	struct buf id = { 0 };

	if (it->id.n) {
		buf_json_lossy(b, it->id);
		return;
	}
	buf_printf(&id, "%s:%llu", path_base(it->rec->file),
	    (unsigned long long)it->rec->number);
	buf_json_lossy(b, buf_view(&id));
	b->oom |= id.oom;
	buf_free(&id);
}

static int
drop(struct emit *em, const struct item *it, const struct reason *why,
    struct err *e)
{
	struct buf id = { 0 };
	int rc;

	if (!it->id.n)
		buf_printf(&id, "%s:%llu", path_base(it->rec->file),
		    (unsigned long long)it->rec->number);
	rc = emit_drop_raw(
	    em, it->id.n ? it->id : buf_view(&id), it->rec->raw, why, e);
	buf_free(&id);
	return rc;
}

/* Dropped for what a value says: "image/png", "request". */
static int
drop_for(struct worker *w, struct emit *em, const struct item *it,
    const char *rule, struct str value, struct err *e)
{
	struct reason why = { .rule = rule };

	buf_clear(&w->detail);
	if (value.n) {
		buf_json_lossy(&w->detail, value);
		why.detail = buf_view(&w->detail);
	}
	return drop(em, it, &why, e);
}

static void
member(struct buf *b, const char *key, struct str value)
{
	if (!value.n)
		return;
	buf_printf(b, "\"%s\":", key);
	buf_json_lossy(b, value);
	buf_putc(b, ',');
}

static int
keep(struct worker *w, struct emit *em, const struct item *it, struct err *e)
{
	struct buf *b = &em->out;
	const struct page *p = &w->page;

	buf_puts(b, "{\"id\":");
	put_id(b, it);
	buf_puts(b, ",\"text\":");
	buf_json_lossy(b, buf_view(&w->text));
	buf_puts(b, ",\"metadata\":{");
	member(b, "url", it->url);
	member(b, "date", it->date);
	if (it->html) {
		member(b, "title", field_trim(buf_view(&p->title)));
		member(b, "page_kind", str_c(page_kind_name(w->select.kind)));
		member(b, "html_lang", field_trim(buf_view(&p->lang)));
		member(b, "canonical", field_trim(buf_view(&p->canonical)));
		member(b, "author", buf_view(&p->author));
		member(b, "site_name", buf_view(&p->site));
		member(b, "published", buf_view(&p->published));
		member(b, "modified", buf_view(&p->modified));
	}
	if (it->corpus)
		buf_str(b, buf_view(&w->doc.meta));
	member(b, "charset", str_c(it->charset));
	member(b, "content_type", it->content_type);
	member(b, "corpus", str_c(it->corpus));
	member(b, "file", str_c(it->rec->file));
	member(b, "path", it->rec->path);
	if (it->truncated)
		buf_puts(b, "\"truncated\":true,");
	buf_printf(
	    b, "\"offset\":%llu}}\n", (unsigned long long)it->rec->offset);
	em->tally.in++;
	em->tally.kept++;
	em->tally.bytes_in += it->rec->raw.n;
	em->tally.text_out += w->text.n;
	return buf_ok(b, e);
}

/* Plain text: line ends become LF, control characters go. */
static void
clean_text(struct str s, struct buf *out)
{
	size_t i, from = 0;

	for (i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= ' ' || s.p[i] == '\n' ||
		    s.p[i] == '\t')
			continue;
		buf_put(out, s.p + from, i - from);
		if (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'))
			buf_putc(out, '\n');
		from = i + 1;
	}
	buf_put(out, s.p + from, s.n - from);
	while (out->n && field_is_space(out->p[out->n - 1]))
		out->n--;
}

static int
to_text(struct worker *w, struct item *it, struct str utf8, struct err *e)
{
	buf_clear(&w->text);
	if (!it->html) {
		clean_text(utf8, &w->text);
		return buf_ok(&w->text, e);
	}
	if (html_parse(w->html, utf8, &w->page, e) < 0 ||
	    select_main(&w->select, &w->page, w->opts->mode, e) < 0)
		return e->code;
	(w->opts->markdown ? render_markdown : render_text)(
	    &w->page, w->select.keep, &w->text);
	return buf_ok(&w->text, e);
}

/* it->body as a document. */
static int
extract(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	struct reason why = { .rule = "empty" };
	struct str utf8;

	if (charset_decode(w->charset, it->body, it->label, it->html,
		&w->decoded, &utf8, &it->charset, e) < 0)
		return e->code;
	em->tally.text_in += utf8.n;
	if (to_text(w, it, utf8, e) < 0)
		return e->code;
	return w->text.n ? keep(w, em, it, e) : drop(em, it, &why, e);
}

static bool
is_binary(struct str s)
{
	static const struct str magic[] = { { "%PDF-", 5 }, { "\x89PNG", 4 },
		{ "GIF8", 4 }, { "\xff\xd8\xff", 3 }, { "PK\3\4", 4 },
		{ "\x1f\x8b\x08", 3 }, { "RIFF", 4 }, { "OggS", 4 },
		{ "ID3", 3 },
		{ "\x7f"
		  "ELF",
		    4 } };
	size_t i;

	for (i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		if (str_starts(s, magic[i]))
			return true;
	return false;
}

/* Is it a page, by its type or, where that's missing, by itself? */
static bool
is_page(struct item *it)
{
	struct str t = it->content_type;
	bool xml = field_is(t, "application/xml") || field_is(t, "text/xml");

	if (is_binary(it->body))
		return false;
	it->html =
	    field_is(t, "text/html") || field_is(t, "application/xhtml+xml");
	if (!it->html && (t.n == 0 || xml))
		it->html =
		    source_sniff(
			"", (struct str){ it->body.p,
				it->body.n < 1024 ? it->body.n : 1024 }) ==
			FROM_HTML &&
		    (!xml ||
			field_find((struct str){ it->body.p,
				       it->body.n < 1024 ? it->body.n : 1024 },
			    "<html"));
	return it->html || field_is(t, "text/plain");
}

static int
page(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	if (it->body.n && !is_page(it))
		return drop_for(w, em, it, "content_type", it->content_type, e);
	return extract(w, em, it, e);
}

static void
set_type(struct item *it, struct str content_type)
{
	it->content_type = field_main(content_type);
	it->label = field_param(content_type, "charset");
}

static int
response(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	struct http h;
	struct http_body b;
	struct reason why = {
		.rule = "http_status", .has_value = true, .threshold = 299
	};

	http_parse(&h, it->body);
	if (h.status && (h.status < 200 || h.status > 299)) {
		why.value = h.status;
		return drop(em, it, &why, e);
	}
	if (h.status)
		set_type(it, h.content_type);
	else if (str_starts(it->content_type, STR("application/http")))
		it->content_type = (struct str){ NULL, 0 };
	if (http_decode(&h, &w->http, w->opts->max_body, &b, e) < 0)
		return e->code;
	it->body = b.body;
	it->truncated |= b.limited || b.cut;
	return page(w, em, it, e);
}

static int
drop_entry(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	const struct corpus_doc *d = &w->doc;
	struct reason why = { .rule = d->rule,
		.has_value = d->has_value,
		.value = d->value,
		.threshold = d->threshold,
		.detail = buf_view(&d->detail) };

	return drop(em, it, &why, e);
}

/* What corpus_read() made of an item. */
static int
item_read(struct worker *w, struct emit *em, struct item *it,
    enum corpus_kind kind, struct err *e)
{
	it->corpus = corpus_name(kind);
	if (w->doc.rule)
		return drop_entry(w, em, it, e);
	buf_clear(&w->text);
	buf_str(&w->text, buf_view(&w->doc.text));
	return buf_ok(&w->text, e) < 0 ? e->code : keep(w, em, it, e);
}

/* What a WAT says of a response. */
static int
wat(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	struct corpus_item item = { .kind = CORPUS_WAT, .text = it->body };

	if (corpus_read(&w->corpus, &item, &w->doc, e) < 0)
		return e->code;
	em->tally.text_in += item.text.n;
	return item_read(w, em, it, CORPUS_WAT, e);
}

/* "text/plain" of a WET's conversion record is always UTF-8 text. */
static int
warc_record(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	const struct source_rec *r = it->rec;
	struct str head = { r->raw.p, r->head };
	struct str type = field_get(head, "WARC-Type");
	bool wet = w->opts->from == FROM_WET;

	it->id = field_unbracket(field_get(head, "WARC-Record-ID"));
	it->url = field_unbracket(field_get(head, "WARC-Target-URI"));
	it->date = field_get(head, "WARC-Date");
	it->truncated |= field_get(head, "WARC-Truncated").n > 0;
	it->body = (struct str){ r->raw.p + r->head, r->raw.n - r->head };
	set_type(it, field_get(head, "Content-Type"));
	if (field_is(type, "revisit"))
		return drop_for(w, em, it, "revisit", it->url, e);
	if (field_is(type, "conversion"))
		return page(w, em, it, e);
	if (field_is(type, "resource") && !wet)
		return page(w, em, it, e);
	if (field_is(type, "response") && !wet)
		return response(w, em, it, e);
	if (field_is(type, "metadata") && !wet &&
	    corpus_is_wat(it->content_type, it->body))
		return wat(w, em, it, e);
	return drop_for(w, em, it, "not_a_response", type, e);
}

static int
arc_record(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	const struct source_rec *r = it->rec;
	struct arc_head h;

	arc_parse((struct str){ r->raw.p, r->head }, &h);
	it->url = h.uri;
	it->date = str_c(h.date);
	it->body = (struct str){ r->raw.p + r->head, r->raw.n - r->head };
	set_type(it, h.content_type);
	if (str_starts(h.uri, STR("filedesc:")) || w->opts->from == FROM_WET)
		return drop_for(w, em, it, "not_a_response", h.uri, e);
	return response(w, em, it, e);
}

/* The entry's name: where it stands and, in a dump, which it is there. */
static void
name_entry(struct worker *w, struct item *it)
{
	const struct source_rec *r = it->rec;
	struct buf *id = &w->doc.id, *b = &w->id;

	buf_clear(b);
	if (r->corpus == CORPUS_REDDIT && id->n) {
		it->id = buf_view(id);
		return;
	}
	if (!id->n && (r->corpus == CORPUS_REDDIT || r->corpus == CORPUS_WIKI ||
			  r->corpus == CORPUS_STACK))
		buf_u64(id, r->number);
	if (r->path.n || id->n) {
		buf_puts(b, path_base(r->file));
		buf_puts(b, r->path.n ? "/" : "");
		buf_str(b, r->path);
		buf_puts(b, id->n ? ":" : "");
		buf_str(b, buf_view(id));
	} else {
		buf_puts(b, r->file);
	}
	it->id = buf_view(b);
}

/* An EPUB decodes its own files; all else is text of one charset. */
static int
entry(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	const struct source_rec *r = it->rec;
	bool dump = r->corpus == CORPUS_WIKI || r->corpus == CORPUS_STACK ||
		    r->corpus == CORPUS_REDDIT;
	struct corpus_item item = { .kind = r->corpus,
		.file = str_c(r->file),
		.path = r->path,
		.text = r->raw,
		.extra = r->extra };

	if (r->corpus != CORPUS_EPUB && r->corpus != CORPUS_NONE &&
	    charset_decode(w->charset, r->raw,
		dump ? STR("utf-8") : (struct str){ NULL, 0 }, false,
		&w->decoded, &item.text, &it->charset, e) < 0)
		return e->code;
	if (corpus_read(&w->corpus, &item, &w->doc, e) < 0)
		return e->code;
	name_entry(w, it);
	em->tally.text_in += item.text.n;
	return item_read(w, em, it, r->corpus, e);
}

/* A page of an archive goes the way of all pages. */
static int
entry_page(struct worker *w, struct emit *em, struct item *it, struct err *e)
{
	buf_clear(&w->doc.id);
	name_entry(w, it);
	it->body = it->rec->raw;
	it->html = true;
	it->content_type = STR("text/html");
	return extract(w, em, it, e);
}

int
worker_record(struct worker *w, const struct source_rec *r, struct emit *em,
    struct err *e)
{
	struct item it = { .rec = r, .truncated = r->truncated };

	switch (r->kind) {
	case SOURCE_DAMAGE:
		return emit_damage(
		    em, r->file, r->number, r->offset, r->raw, r->what, e);
	case SOURCE_WARC:
		return warc_record(w, em, &it, e);
	case SOURCE_ARC:
		return arc_record(w, em, &it, e);
	case SOURCE_ENTRY:
		return r->corpus == CORPUS_HTML ? entry_page(w, em, &it, e)
						: entry(w, em, &it, e);
	case SOURCE_DROP:
		buf_clear(&w->doc.id);
		name_entry(w, &it);
		return drop_for(w, em, &it, r->rule, r->extra, e);
	case SOURCE_HTML:
	case SOURCE_TEXT:
		break;
	}
	it.id = str_c(r->file);
	it.body = r->raw;
	it.html = r->kind == SOURCE_HTML;
	it.content_type = it.html ? STR("text/html") : STR("text/plain");
	return extract(w, em, &it, e);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/arc.h"
#include "extract/corpus.h"
#include "extract/entity.h"
#include "extract/field.h"
#include "extract/html.h"
#include "extract/render.h"
#include "extract/warc.h"

const char *
corpus_name(enum corpus_kind kind)
{
	static const char *const names[] = { "none", "tex", "epub", "book",
		"wiki", "stack", "reddit", "code", "html", "warc", "wat" };

	return names[kind];
}

size_t
corpus_find(struct str s, struct str needle)
{
	const char *hit;
	size_t i = 0;

	while (needle.n && s.n >= needle.n && i <= s.n - needle.n) {
		hit = memchr(s.p + i, needle.p[0], s.n - needle.n - i + 1);
		if (!hit)
			break;
		i = (size_t)(hit - s.p);
		if (memcmp(hit, needle.p, needle.n) == 0)
			return i;
		i++;
	}
	return s.n;
}

struct str
corpus_plain_path(struct str path)
{
	static const struct str packed[] = { { ".gz", 3 }, { ".zst", 4 },
		{ ".bz2", 4 }, { ".xz", 3 }, { ".lz4", 4 } };
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(*packed); i++)
		if (str_ends(path, packed[i])) {
			path.n -= packed[i].n;
			break;
		}
	return path;
}

static struct str
base_of(struct str path)
{
	size_t i;

	for (i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			break;
	return (struct str){ path.p + i, path.n - i };
}

/* The part behind the last dot of the file's name, or nothing. */
static struct str
suffix_of(struct str path)
{
	struct str base = base_of(path);
	size_t i;

	for (i = base.n; i > 1; i--)
		if (base.p[i - 1] == '.')
			return (struct str){ base.p + i, base.n - i };
	return (struct str){ NULL, 0 };
}

static bool
one_of(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (field_is(s, *list))
			return true;
	return false;
}

static bool
looks_tex(struct str start)
{
	static const struct str signs[] = { { "\\documentclass", 14 },
		{ "\\documentstyle", 14 }, { "\\begin{document}", 16 },
		{ "\\magnification", 14 }, { "\\input amstex", 13 } };
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (corpus_find(start, signs[i]) < start.n)
			return true;
	return false;
}

static bool
looks_reddit(struct str path, struct str start)
{
	struct str base = base_of(path);
	const char *nl = start.n ? memchr(start.p, '\n', start.n) : NULL;

	if (!start.n || start.p[0] != '{')
		return false;
	if (str_starts(base, STR("RC_")) || str_starts(base, STR("RS_")))
		return true;
	if (nl)
		start.n = (size_t)(nl - start.p);
	return corpus_find(start, STR("\"subreddit\"")) < start.n &&
	       (corpus_find(start, STR("\"body\"")) < start.n ||
		   corpus_find(start, STR("\"selftext\"")) < start.n ||
		   corpus_find(start, STR("\"author\"")) < start.n);
}

/* Bytes that no text has, unless it is UTF-16. */
static bool
is_binary_file(struct str s)
{
	s.n = s.n < 8000 ? s.n : 8000;
	return s.n && memchr(s.p, '\0', s.n) &&
	       !str_starts(s, STR("\xff\xfe")) &&
	       !str_starts(s, STR("\xfe\xff"));
}

static enum corpus_kind
by_content(struct str path, struct str start)
{
	struct str head = { start.p, start.n < 1024 ? start.n : 1024 };

	if (warc_starts(start) || arc_starts(start))
		return CORPUS_WARC;
	if (str_starts(start, STR("PK\3\4")))
		return CORPUS_EPUB;
	if (corpus_find(head, STR("<mediawiki")) < head.n)
		return CORPUS_WIKI;
	if (corpus_find(head, STR("<posts>")) < head.n)
		return CORPUS_STACK;
	return looks_reddit(path, start) ? CORPUS_REDDIT : CORPUS_NONE;
}

enum corpus_kind
corpus_guess(struct str path, struct str start)
{
	static const char *const html[] = { "html", "htm", "xhtml", "shtml",
		NULL };
	static const char *const tex[] = { "tex", "ltx", "latex", NULL };
	static const char *const text[] = { "txt", "text", NULL };
	struct str plain = corpus_plain_path(path), suffix = suffix_of(plain);
	enum corpus_kind kind = by_content(plain, start);
	struct str head = { start.p, start.n < 8000 ? start.n : 8000 };

	if (kind != CORPUS_NONE)
		return kind;
	if (is_binary_file(head))
		return CORPUS_NONE;
	if (one_of(suffix, html))
		return CORPUS_HTML;
	if (one_of(suffix, tex))
		return CORPUS_TEX;
	if (corpus_language(plain, start))
		return CORPUS_CODE;
	if (one_of(suffix, text))
		return CORPUS_BOOK;
	if (looks_tex(start))
		return CORPUS_TEX;
	if (field_find(head, "<!doctype html") || field_find(head, "<html"))
		return CORPUS_HTML;
	return suffix.n ? CORPUS_NONE : CORPUS_BOOK;
}

void
corpus_free(struct corpus *c)
{
	page_free(&c->page);
	buf_free(&c->a);
	buf_free(&c->b);
	free(c->keep);
}

void
corpus_doc_free(struct corpus_doc *d)
{
	buf_free(&d->text);
	buf_free(&d->meta);
	buf_free(&d->id);
	buf_free(&d->detail);
}

int
corpus_drop(struct corpus_doc *d, const char *rule, struct str detail)
{
	d->rule = rule;
	if (detail.n)
		buf_json_lossy(&d->detail, detail);
	return 0;
}

int
corpus_drop_value(
    struct corpus_doc *d, const char *rule, double value, double threshold)
{
	d->rule = rule;
	d->has_value = true;
	d->value = value;
	d->threshold = threshold;
	return 0;
}

void
corpus_member(struct corpus_doc *d, const char *key, struct str value)
{
	if (!value.n)
		return;
	buf_printf(&d->meta, "\"%s\":", key);
	buf_json_lossy(&d->meta, value);
	buf_putc(&d->meta, ',');
}

static int
keep_all(struct corpus *c, struct err *e)
{
	uint8_t *more;

	if (c->keep_cap < c->page.nblock) {
		more = realloc(c->keep, 2 * c->page.nblock);
		if (!more)
			return err_nomem(e, "a page");
		c->keep = more;
		c->keep_cap = 2 * c->page.nblock;
	}
	if (c->page.nblock)
		memset(c->keep, 1, c->page.nblock);
	return 0;
}

int
corpus_html(struct corpus *c, struct str html, struct buf *out, struct err *e)
{
	if (html_parse(c->html, html, &c->page, e) < 0 || keep_all(c, e) < 0)
		return e->code;
	(c->markdown ? render_markdown : render_text)(&c->page, c->keep, out);
	return buf_ok(out, e);
}

void
corpus_unescape(struct str s, struct buf *out)
{
	entity_decode(s, ENTITY_XML, out);
}

void
corpus_tidy(struct buf *text)
{
	size_t i, to = 0, newlines = 2;

	for (i = 0; i < text->n; i++) {
		char ch = text->p[i];

		if (ch == '\r')
			continue;
		if (ch == '\n') {
			while (to && (text->p[to - 1] == ' ' ||
					 text->p[to - 1] == '\t'))
				to--;
			if (++newlines > 2)
				continue;
		} else if (ch != ' ' && ch != '\t') {
			newlines = 0;
		}
		text->p[to++] = ch;
	}
	while (to && field_is_space(text->p[to - 1]))
		to--;
	text->n = to;
}

int
corpus_read(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	static int (*const read[])(struct corpus *, const struct corpus_item *,
	    struct corpus_doc *, struct err *) = { [CORPUS_TEX] = corpus_tex,
		[CORPUS_EPUB] = corpus_epub,
		[CORPUS_BOOK] = corpus_book,
		[CORPUS_WIKI] = corpus_wiki,
		[CORPUS_STACK] = corpus_stack,
		[CORPUS_REDDIT] = corpus_reddit,
		[CORPUS_CODE] = corpus_code,
		[CORPUS_WAT] = corpus_wat };

	buf_clear(&d->text);
	buf_clear(&d->meta);
	buf_clear(&d->id);
	buf_clear(&d->detail);
	d->rule = NULL;
	d->has_value = false;
	if (it->kind >= sizeof(read) / sizeof(*read) || !read[it->kind])
		return corpus_drop(d,
		    is_binary_file(it->text) ? "binary" : "content_type",
		    it->path);
	if (read[it->kind](c, it, d, e) < 0 || buf_ok(&d->text, e) < 0 ||
	    buf_ok(&d->meta, e) < 0)
		return e->code;
	if (!d->rule && !d->text.n)
		d->rule = "empty";
	return 0;
}

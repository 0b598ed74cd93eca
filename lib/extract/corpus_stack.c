/* SPDX-License-Identifier: MIT */
/*
 * A question of a Stack Exchange dump with its answers: the <row .../> of the
 * question, then those of its answers in the order they are to stand in.
 *
 *	<row Id="4" PostTypeId="1" Score="7" Title="..." Tags="&lt;c&gt;"
 *	  Body="&lt;p&gt;..." CreationDate="..." ContentLicense="CC BY-SA 4.0"
 * />
 *
 * Source: https://archive.org/details/stackexchange (readme).
 */
#include "base/err.h"
#include "extract/corpus.h"
#include "extract/field.h"

/* Body and Title: HTML within an attribute, so unescaped once. */
static int
put_html(struct corpus *c, struct str att, struct buf *out, struct err *e)
{
	buf_clear(&c->a);
	corpus_unescape(att, &c->a);
	if (buf_ok(&c->a, e) < 0)
		return e->code;
	return corpus_html(c, buf_view(&c->a), out, e);
}

static void
put_tag(struct corpus_doc *d, bool *any, struct str tag)
{
	if (!tag.n)
		return;
	if (*any)
		buf_putc(&d->meta, ',');
	*any = true;
	buf_json_lossy(&d->meta, tag);
}

/* "<c><arrays>", and in newer dumps "|c|arrays|". */
static void
put_tags(struct corpus *c, struct corpus_doc *d, struct str att)
{
	size_t i, from = 0;
	bool any = false;

	buf_clear(&c->b);
	corpus_unescape(att, &c->b);
	if (!c->b.n)
		return;
	buf_puts(&d->meta, "\"tags\":[");
	for (i = 0; i <= c->b.n; i++) {
		if (i < c->b.n && !strchr("<>|", c->b.p[i]))
			continue;
		put_tag(d, &any, (struct str){ c->b.p + from, i - from });
		from = i + 1;
	}
	buf_puts(&d->meta, "],");
}

static bool
is_number(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!field_is_digit(s.p[i]) && !(i == 0 && s.p[i] == '-'))
			return false;
	return s.n > (s.n && s.p[0] == '-') && s.n < 19;
}

/* The site by the dump's name: "cooking.stackexchange.com.7z". */
static void
put_url(struct corpus_doc *d, struct str file, struct str id)
{
	static const char *const ends[] = { ".7z", ".zip", "-Posts.7z",
		"-posts.7z" };
	struct buf url = { 0 };
	size_t i;

	for (i = file.n; i > 0 && file.p[i - 1] != '/';)
		i--;
	file = (struct str){ file.p + i, file.n - i };
	for (i = sizeof(ends) / sizeof(*ends); i-- > 0;)
		if (str_ends(file, str_c(ends[i]))) {
			file.n -= strlen(ends[i]);
			if (!str_ends(file, STR(".com")) &&
			    !str_ends(file, STR(".net")))
				break;
			buf_puts(&url, "https://");
			buf_str(&url, file);
			buf_puts(&url, "/questions/");
			buf_str(&url, id);
			corpus_member(d, "url", buf_view(&url));
			break;
		}
	d->meta.oom |= url.oom;
	buf_free(&url);
}

static void
number(struct corpus_doc *d, const char *key, struct str v)
{
	if (is_number(v))
		buf_printf(&d->meta, "\"%s\":%.*s,", key, (int)v.n, v.p);
}

static int
question(struct corpus *c, const struct corpus_item *it, struct str atts,
    struct corpus_doc *d, struct err *e)
{
	struct str id = corpus_xml_att(atts, "Id");

	buf_str(&d->id, id);
	put_url(d, it->file, id);
	buf_clear(&c->b);
	corpus_unescape(corpus_xml_att(atts, "Title"), &c->b);
	corpus_member(d, "title", buf_view(&c->b));
	if (c->b.n) {
		buf_puts(&d->text, c->markdown ? "# " : "");
		buf_str(&d->text, buf_view(&c->b));
		buf_puts(&d->text, "\n\n");
	}
	corpus_member(d, "date", corpus_xml_att(atts, "CreationDate"));
	corpus_member(d, "licence", corpus_xml_att(atts, "ContentLicense"));
	number(d, "score", corpus_xml_att(atts, "Score"));
	put_tags(c, d, corpus_xml_att(atts, "Tags"));
	return put_html(c, corpus_xml_att(atts, "Body"), &d->text, e);
}

static int
answer(struct corpus *c, struct str atts, struct corpus_doc *d, struct err *e)
{
	buf_puts(
	    &d->text, c->markdown ? "\n\n## Answer\n\n" : "\n\nAnswer:\n\n");
	return put_html(c, corpus_xml_att(atts, "Body"), &d->text, e);
}

int
corpus_stack(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct str rest = it->text, type;
	struct corpus_tag t;
	unsigned answers = 0;
	int rc = 0;

	while (rc == 0 && corpus_xml_next(&rest, &t)) {
		if (!field_is(t.name, "row"))
			continue;
		type = corpus_xml_att(t.atts, "PostTypeId");
		if (str_eq(type, STR("1"))) {
			rc = question(c, it, t.atts, d, e);
		} else if (str_eq(type, STR("2")) && d->id.n) {
			answers++;
			rc = answer(c, t.atts, d, e);
		} else if (str_eq(type, STR("2"))) {
			buf_str(&d->id, corpus_xml_att(t.atts, "Id"));
			return corpus_drop(d, "no_question",
			    corpus_xml_att(t.atts, "ParentId"));
		} else {
			buf_str(&d->id, corpus_xml_att(t.atts, "Id"));
			return corpus_drop(d, "post_type", type);
		}
	}
	buf_printf(&d->meta, "\"answers\":%u,", answers);
	corpus_tidy(&d->text);
	return rc;
}

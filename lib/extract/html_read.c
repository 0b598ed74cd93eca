/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/hash.h"
#include "extract/entity.h"
#include "extract/field.h"
#include "extract/html_read.h"

/* Things looked for to the page's end in vain, so as not to look again. */
enum missing {
	NO_COMMENT_END = 1,
	NO_DOUBLE_QUOTE = 2,
	NO_SINGLE_QUOTE = 4,
	NO_GT = 8
};

struct reader {
	const char *p, *end; /* unread */
	struct html_reader *h;
	struct builder *b;
	unsigned missing;
	/* Where the next "</name" stands, if it has been looked for. */
	const char *end_tag[TAG_COUNT];
	struct tag_token t;
};

static bool
is_letter(char c)
{
	c = field_lower(c);
	return c >= 'a' && c <= 'z';
}

/* memchr() that remembers failure. */
static const char *
find(struct reader *r, const char *from, char c, enum missing m)
{
	const char *p;

	if (r->missing & m)
		return NULL;
	p = memchr(from, c, (size_t)(r->end - from));
	if (!p)
		r->missing |= m;
	return p;
}

/* What ends names, and what comes between attributes. */
enum { ENDS_NAME = 1, SPACE = 2 };
static const unsigned char kinds[256] = { [' '] = ENDS_NAME | SPACE,
	['\t'] = ENDS_NAME | SPACE,
	['\n'] = ENDS_NAME | SPACE,
	['\f'] = ENDS_NAME | SPACE,
	['\r'] = ENDS_NAME | SPACE,
	['/'] = ENDS_NAME,
	['>'] = ENDS_NAME };

static bool
ends_name(char c)
{
	return kinds[(unsigned char)c] & ENDS_NAME;
}

static bool
is_space(char c)
{
	return kinds[(unsigned char)c] & SPACE;
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* The name at p; returns its end. */
static const char *
read_name(const char *p, const char *end, enum tag *tag, uint32_t *hash)
{
	struct lookup_word name = { 0, 0 };
	const char *from = p;
	size_t n;

	for (; p < end && !ends_name(*p); p++)
		lookup_put(&name, field_lower(*p));
	n = (size_t)(p - from);
	*tag = n <= LOOKUP_BYTES ? tags_find(&name) : TAG_NONE;
	if (*tag != TAG_NONE)
		*hash = 0;
	else if (n <= LOOKUP_BYTES)
		*hash = (uint32_t)mix64(name.low ^ mix64(name.high)) | 1;
	else
		*hash = (uint32_t)hash64(from, n, 0) | 1;
	return p;
}

/* Does the element's name stand at p, and end there? */
static bool
is_name(const struct reader *r, const char *p, struct str name)
{
	return (size_t)(r->end - p) > name.n &&
	       strncasecmp(p, name.p, name.n) == 0 && ends_name(p[name.n]);
}

/* Attributes ------------------------------------------------------------- */

static const char *const att_names[ATT_COUNT] = { "class", "id", "role",
	"itemprop", "hidden", "aria-hidden", "style", "lang", "content",
	"property", "name", "rel", "href", "type", "alttext", "encoding",
	"display" };

/* Which attribute a name may be, by its length and first letter. */
static enum att
guess_att(size_t n, char first)
{
	enum { AT = 32 };

	switch ((size_t)first * AT + (n < AT ? n : 0)) {
	case 'c' * AT + 5:
		return ATT_CLASS;
	case 'i' * AT + 2:
		return ATT_ID;
	case 'r' * AT + 4:
		return ATT_ROLE;
	case 'i' * AT + 8:
		return ATT_ITEMPROP;
	case 'h' * AT + 6:
		return ATT_HIDDEN;
	case 'a' * AT + 11:
		return ATT_ARIA_HIDDEN;
	case 's' * AT + 5:
		return ATT_STYLE;
	case 'l' * AT + 4:
		return ATT_LANG;
	case 'c' * AT + 7:
		return ATT_CONTENT;
	case 'p' * AT + 8:
		return ATT_PROPERTY;
	case 'n' * AT + 4:
		return ATT_NAME;
	case 'r' * AT + 3:
		return ATT_REL;
	case 'h' * AT + 4:
		return ATT_HREF;
	case 't' * AT + 4:
		return ATT_TYPE;
	case 'a' * AT + 7:
		return ATT_ALTTEXT;
	case 'e' * AT + 8:
		return ATT_ENCODING;
	case 'd' * AT + 7:
		return ATT_DISPLAY;
	default:
		return ATT_COUNT;
	}
}

/* Attributes of a tag that somebody asks for. */
static uint32_t
wanted(const struct reader *r, enum tag tag)
{
	static const uint32_t all = 1u << ATT_CLASS | 1u << ATT_ID |
				    1u << ATT_ROLE | 1u << ATT_ITEMPROP |
				    1u << ATT_HIDDEN | 1u << ATT_ARIA_HIDDEN |
				    1u << ATT_STYLE;

	switch (tag) {
	case TAG_meta:
		return 1u << ATT_CONTENT | 1u << ATT_PROPERTY | 1u << ATT_NAME;
	case TAG_link:
		return 1u << ATT_REL | 1u << ATT_HREF;
	case TAG_script:
		return 1u << ATT_TYPE;
	case TAG_a:
		return r->b->page->want_links ? all | 1u << ATT_HREF : all;
	case TAG_html:
		return all | 1u << ATT_LANG;
	case TAG_math:
	case TAG_annotation:
		return all | 1u << ATT_ALTTEXT | 1u << ATT_ENCODING |
		       1u << ATT_DISPLAY;
	default:
		return tags_flags[tag] & (T_GONE | T_RAW) ? 0 : all;
	}
}

/* The first of a name counts. */
static void
take_att(struct reader *r, uint32_t want, struct str key, struct str value)
{
	enum att k = guess_att(key.n, field_lower(*key.p));
	struct atts *a = &r->t.atts;
	struct buf *b;

	if (k == ATT_COUNT || !(want >> k & 1) || has_att(a, k) ||
	    strncasecmp(key.p, att_names[k], key.n) != 0)
		return;
	if (memchr(value.p, '&', value.n)) {
		b = &r->h->value[k];
		buf_clear(b);
		entity_decode(value, ENTITY_ATTRIBUTE, b);
		r->b->oom |= b->oom;
		value = buf_view(b);
	}
	a->has |= 1u << k;
	a->v[k] = value;
}

/* The value at p, behind '='; returns its end. */
static const char *
read_value(struct reader *r, const char *p, struct str *value)
{
	const char *q = NULL;

	*value = (struct str){ p, 0 };
	if (p < r->end && (*p == '"' || *p == '\''))
		q = find(r, p + 1, *p,
		    *p == '"' ? NO_DOUBLE_QUOTE : NO_SINGLE_QUOTE);
	if (q) {
		*value = (struct str){ p + 1, (size_t)(q - p) - 1 };
		return q + 1;
	}
	while (p < r->end && !is_space(*p) && *p != '>')
		p++;
	value->n = (size_t)(p - value->p);
	return p;
}

/* Attributes up to behind '>'; the wanted ones to r->t. */
static const char *
read_attributes(struct reader *r, const char *p, uint32_t want)
{
	struct str key, value;

	r->t.closed = false;
	r->t.atts.has = 0;
	for (;;) {
		p = skip_space(p, r->end);
		if (p == r->end)
			return p;
		if (*p == '>')
			return p + 1;
		if (*p == '/') {
			r->t.closed = ++p < r->end && *p == '>';
			continue;
		}
		key.p = p++;
		while (p < r->end && !ends_name(*p) && *p != '=')
			p++;
		key.n = (size_t)(p - key.p);
		value = (struct str){ p, 0 };
		p = skip_space(p, r->end);
		if (p < r->end && *p == '=')
			p = read_value(r, skip_space(p + 1, r->end), &value);
		if (want)
			take_att(r, want, key, value);
	}
}

/* Content that isn't HTML ------------------------------------------------ */

static const char *
find_any_end(const struct reader *r, const char *p, struct str name)
{
	for (; (p = memchr(p, '<', (size_t)(r->end - p))); p++)
		if (r->end - p > 1 && p[1] == '/' && is_name(r, p + 2, name))
			return p;
	return NULL;
}

/*
 * The end of a script, in which "<!-- <script> </script> -->" is no end; but
 * if no other comes, it is.
 */
static const char *
find_script_end(const struct reader *r, const char *p)
{
	const char *comment = NULL, *first = NULL;
	bool within = false;

	for (; (p = memchr(p, '<', (size_t)(r->end - p))); p++) {
		if (comment && p > comment &&
		    memmem(comment, (size_t)(p - comment), "-->", 3))
			comment = NULL;
		within = within && comment;
		if (comment)
			comment = p - 2 > comment ? p - 2 : comment;
		if (r->end - p > 3 && memcmp(p, "<!--", 4) == 0) {
			comment = comment ? comment : p + 2;
		} else if (p + 1 < r->end && p[1] == '/' &&
			   is_name(r, p + 2, STR("script"))) {
			if (!within)
				return p;
			first = first ? first : p;
			within = false;
		} else if (comment && is_name(r, p + 1, STR("script"))) {
			within = true;
		}
	}
	return first;
}

/* Where the end tag of a name stands behind p, or NULL. */
static const char *
find_end_tag(struct reader *r, const char *p, enum tag tag, struct str name)
{
	const char **at = &r->end_tag[tag], *found;

	if (*at && *at >= p)
		return *at < r->end ? *at : NULL;
	found = tag == TAG_script ? find_script_end(r, p)
				  : find_any_end(r, p, name);
	*at = found ? found : r->end;
	return found;
}

/* A start tag of the page's own structure at p? */
static bool
resumes_at(const char *p, const char *end)
{
	enum { LONGEST = 32 };
	size_t left = (size_t)(end - p);
	enum tag tag;
	uint32_t hash;

	if (left < 3 || !(is_letter(p[1]) || p[1] == '/'))
		return false;
	read_name(p + 1 + (p[1] == '/'), left > LONGEST ? p + LONGEST : end,
	    &tag, &hash);
	return tags_flags[tag] & T_BLOCK;
}

/* Behind an element that is never closed: where the page goes on. */
static const char *
resume(const char *p, const char *end)
{
	for (; p < end && (p = memchr(p, '<', (size_t)(end - p))); p++)
		if (resumes_at(p, end))
			return p;
	return end;
}

/* "<script/>" that stands for a whole element, as in XHTML? */
static bool
stands_alone(
    const struct reader *r, const char *p, const char *close, struct str name)
{
	const char *end = close ? close : r->end;

	for (; (p = memchr(p, '<', (size_t)(end - p))); p++)
		if (is_name(r, p + 1, name))
			return true;
	return !close;
}

/* A formula that MathJax would set, as an element that readers know. */
static void
put_tex(struct reader *r, struct str tex, bool display)
{
	struct tag_token t = { .tag = TAG_math };

	t.atts.has = 1u << ATT_ALTTEXT | (display ? 1u << ATT_DISPLAY : 0);
	t.atts.v[ATT_ALTTEXT] = tex;
	t.atts.v[ATT_DISPLAY] = STR("block");
	tree_start(r->b, &t);
	tree_end(r->b, &t);
}

/* What a script holds that isn't code. */
static void
read_script(struct reader *r, struct str s)
{
	struct str type = r->t.atts.v[ATT_TYPE];

	if (!has_att(&r->t.atts, ATT_TYPE))
		return;
	if (field_find(type, "ld+json") && r->h->nld < HTML_LD)
		r->h->ld[r->h->nld++] = s;
	if (field_find(type, "math/tex"))
		put_tex(r, s, field_find(type, "mode=display"));
}

/* <title>, <xmp>: references count only in the first. */
static void
read_text_element(struct reader *r, struct str s)
{
	struct tag_token t = { .tag = r->t.tag };

	tree_start(r->b, &r->t);
	if (t.tag != TAG_title || r->b->title)
		tree_text(r->b, s, t.tag == TAG_title);
	tree_end(r->b, &t);
}

/* Content of a T_RAW or T_TEXT element, p behind its start tag. */
static const char *
read_content(struct reader *r, const char *p, struct str name)
{
	enum tag tag = r->t.tag;
	unsigned flags = tags_flags[tag];
	const char *close = find_end_tag(r, p, tag, name), *lt;

	if (r->t.closed && stands_alone(r, p, close, name))
		return p;
	if (tag == TAG_script && close)
		read_script(r, (struct str){ p, (size_t)(close - p) });
	if (!close) {
		lt = flags & T_RAW ? p : memchr(p, '<', (size_t)(r->end - p));
		close = resume(lt ? lt : r->end, r->end);
	}
	if ((flags & T_TEXT) && !(flags & T_SKIP))
		read_text_element(r, (struct str){ p, (size_t)(close - p) });
	if (r->end - close > 2 && close[1] == '/' &&
	    is_name(r, close + 2, name))
		return read_attributes(r, close + 2 + name.n, 0);
	return close;
}

/* Tags ------------------------------------------------------------------- */

/* p at "<x". */
static const char *
start_tag(struct reader *r, const char *p)
{
	struct str name = { p + 1, 0 };
	struct tag_token *t = &r->t;
	unsigned flags;

	p = read_name(p + 1, r->end, &t->tag, &t->name);
	name.n = (size_t)(p - name.p);
	p = read_attributes(r, p, wanted(r, t->tag));
	flags = tags_flags[t->tag];
	if (!(flags & T_TEXT))
		tree_start(r->b, t);
	return flags & (T_RAW | T_TEXT) ? read_content(r, p, name) : p;
}

/* p at "</x". */
static const char *
end_tag(struct reader *r, const char *p)
{
	p = read_name(p + 2, r->end, &r->t.tag, &r->t.name);
	p = read_attributes(r, p, 0);
	tree_end(r->b, &r->t);
	return p;
}

/* p at "<!--"; "<!-->" and "<!--->" are whole comments, "--!>" ends one. */
static const char *
comment(struct reader *r, const char *p)
{
	const char *gt = p + 4;

	if (!(r->missing & NO_COMMENT_END)) {
		for (; (gt = memchr(gt, '>', (size_t)(r->end - gt))); gt++)
			if (memcmp(gt - 2, "--", 2) == 0 ||
			    (gt - p >= 7 && memcmp(gt - 3, "--!", 3) == 0))
				return gt + 1;
		r->missing |= NO_COMMENT_END;
	}
	/* Never closed: only its own words are lost. */
	for (p += 4; p < r->end && *p != '<'; p++)
		if (*p == '>')
			return p + 1;
	return p;
}

/* p at "<![CDATA[": text, of a formula only. */
static const char *
cdata(struct reader *r, const char *p)
{
	const char *close = memmem(p, (size_t)(r->end - p), "]]>", 3);

	if (!close)
		return NULL;
	p += 9;
	tree_text(r->b, (struct str){ p, (size_t)(close - p) }, false);
	return close + 3;
}

/* p at "<!", "<?" or "</": a comment, a doctype, or what is treated as one. */
static const char *
declaration(struct reader *r, const char *p)
{
	const char *end;
	size_t left = (size_t)(r->end - p);

	if (left >= 4 && memcmp(p, "<!--", 4) == 0)
		return comment(r, p);
	if (r->b->math && left >= 9 && memcmp(p, "<![CDATA[", 9) == 0 &&
	    (end = cdata(r, p)))
		return end;
	end = find(r, p, '>', NO_GT);
	return end ? end + 1 : r->end;
}

static bool
is_markup(const char *lt, const char *end)
{
	char c = end - lt > 1 ? lt[1] : 0;

	return is_letter(c) || c == '!' || c == '?' ||
	       (c == '/' && end - lt > 2);
}

static const char *
markup(struct reader *r, const char *p)
{
	if (is_letter(p[1]))
		return start_tag(r, p);
	if (p[1] == '/' && is_letter(p[2]))
		return end_tag(r, p);
	return declaration(r, p);
}

void
html_read(struct html_reader *h, struct str page)
{
	struct reader r = {
		.p = page.p, .end = page.p + page.n, .h = h, .b = &h->build
	};
	const char *lt;

	h->nld = 0;
	while (r.p < r.end) {
		lt = memchr(r.p, '<', (size_t)(r.end - r.p));
		while (lt && !is_markup(lt, r.end))
			lt = memchr(lt + 1, '<', (size_t)(r.end - lt - 1));
		lt = lt ? lt : r.end;
		if (lt > r.p)
			tree_text(
			    r.b, (struct str){ r.p, (size_t)(lt - r.p) }, true);
		r.p = lt < r.end ? markup(&r, lt) : lt;
	}
}

/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/err.h"
#include "extract/field.h"
#include "extract/scrub.h"
#include "extract/tags.h"

enum { MAX_NAME = 32 }; /* of a tag; longer ones mean nothing to anybody */

/* Things looked for to the page's end in vain, so as not to look again. */
enum missing {
	NO_COMMENT_END = 1,
	NO_DOUBLE_QUOTE = 2,
	NO_SINGLE_QUOTE = 4,
	NO_GT = 8
};

struct scrubber {
	const char *p, *end; /* unread */
	struct buf *out;
	struct scrub_found *found;
	bool links; /* their addresses are wanted */
	unsigned missing;
	/* Where the next "</name" stands, if it has been looked for. */
	const char *end_tag[TAG_COUNT];
	/* Open elements: a tag, or TAG_COUNT + hash of a foreign name. */
	unsigned char open[SCRUB_DEPTH];
	size_t depth;
};

struct name {
	char s[MAX_NAME];
	size_t n;
	enum tag tag;
};

static bool
is_letter(char c)
{
	c = field_lower(c);
	return c >= 'a' && c <= 'z';
}

/* memchr() that remembers failure. */
static const char *
find(struct scrubber *s, const char *from, char c, enum missing m)
{
	const char *p;

	if (s->missing & m)
		return NULL;
	p = memchr(from, c, (size_t)(s->end - from));
	if (!p)
		s->missing |= m;
	return p;
}

/* Text: as it is, but for NUL, which ends the parser's input. */
static void
put_text(struct buf *out, const char *p, const char *end)
{
	const char *nul;

	while (p < end && (nul = memchr(p, 0, (size_t)(end - p)))) {
		buf_put(out, p, (size_t)(nul - p));
		p = nul + 1;
	}
	buf_put(out, p, (size_t)(end - p));
}

/* Text in which '<' means itself. */
static void
put_escaped(struct buf *out, const char *p, const char *end)
{
	const char *lt;

	while ((lt = memchr(p, '<', (size_t)(end - p)))) {
		put_text(out, p, lt);
		buf_puts(out, "&lt;");
		p = lt + 1;
	}
	put_text(out, p, end);
}

/* The name at p, in lower case; returns its end. */
static const char *
read_name(const char *p, const char *end, struct name *name)
{
	name->n = 0;
	for (; p < end && !field_is_space(*p) && *p != '/' && *p != '>'; p++)
		if (name->n < MAX_NAME && *p)
			name->s[name->n++] = field_lower(*p);
	name->tag = tags_find(name->s, name->n);
	return p;
}

/* Nesting, as the parser will see it ------------------------------------- */

static unsigned char
code_of(const struct name *n)
{
	unsigned h = 0;
	size_t i;

	if (n->tag)
		return (unsigned char)n->tag;
	for (i = 0; i < n->n; i++)
		h = h * 31 + (unsigned char)n->s[i];
	return (unsigned char)(TAG_COUNT + h % (256 - TAG_COUNT));
}

/* An end tag closes nothing of a higher rank than its own. */
static int
rank(unsigned char code)
{
	switch (code) {
	case TAG_div:
		return 1;
	case TAG_td:
	case TAG_th:
	case TAG_tr:
	case TAG_thead:
	case TAG_tbody:
	case TAG_tfoot:
		return 2;
	case TAG_table:
		return 3;
	case TAG_head:
	case TAG_body:
		return 4;
	case TAG_html:
		return 5;
	default:
		return 0;
	}
}

/* False: there is no room for one more. */
static bool
enter(struct scrubber *s, const struct name *n)
{
	unsigned char code = code_of(n);

	if (tags_flags[n->tag] & T_VOID)
		return true;
	if ((tags_flags[n->tag] & T_AUTO) && s->depth &&
	    s->open[s->depth - 1] == code)
		return true;
	if (s->depth == SCRUB_DEPTH)
		return false;
	s->open[s->depth++] = code;
	return true;
}

/* False: nothing of the kind is open. */
static bool
leave(struct scrubber *s, const struct name *n)
{
	unsigned char code = code_of(n);
	size_t i;

	for (i = s->depth; i > 0; i--) {
		if (s->open[i - 1] == code) {
			s->depth = i - 1;
			return true;
		}
		if (rank(s->open[i - 1]) > rank(code))
			return false;
	}
	return false;
}

static bool
one_of(struct str key, const char *const *names)
{
	for (; *names; names++)
		if (field_is(key, *names))
			return true;
	return false;
}

/* Attributes that the builder asks for: few of them, since a parser takes
 * longer over attributes than over text. */
static bool
wanted(const struct scrubber *s, enum tag tag, struct str key, struct str value)
{
	static const char *const all[] = { "class", "id", "role", "itemprop",
		"hidden", "aria-hidden", NULL };
	static const char *const meta[] = { "content", "property", "name",
		NULL };
	static const char *const math[] = { "alttext", "encoding", "display",
		NULL };

	switch (tag) {
	case TAG_meta:
		return one_of(key, meta);
	case TAG_link:
		return field_is(key, "rel") || field_is(key, "href");
	case TAG_script:
		return field_is(key, "type");
	case TAG_a:
		if (field_is(key, "href"))
			return s->links;
		break;
	case TAG_html:
		if (field_is(key, "lang"))
			return true;
		break;
	case TAG_math:
	case TAG_annotation:
		if (one_of(key, math))
			return true;
		break;
	default:
		break;
	}
	if (field_is(key, "style"))
		return field_find(value, "none") || field_find(value, "hidden");
	return one_of(key, all);
}

/* Bytes of p[0..n) up to max that don't split a character. */
static size_t
clip(const char *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
put_attribute(struct buf *out, struct str key, struct str value)
{
	size_t i;

	buf_putc(out, ' ');
	for (i = 0; i < key.n; i++)
		buf_putc(out, field_lower(key.p[i]));
	buf_puts(out, "=\"");
	value.n = clip(value.p, value.n, SCRUB_VALUE);
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			buf_puts(out, "&quot;");
		else if (value.p[i] == '<')
			buf_puts(out, "&lt;");
		else if (value.p[i])
			buf_putc(out, value.p[i]);
	}
	buf_putc(out, '"');
}

/* The value at p, behind '='; returns its end. */
static const char *
read_value(struct scrubber *s, const char *p, struct str *value)
{
	const char *q = NULL;

	*value = (struct str){ p, 0 };
	if (p < s->end && (*p == '"' || *p == '\''))
		q = find(s, p + 1, *p,
		    *p == '"' ? NO_DOUBLE_QUOTE : NO_SINGLE_QUOTE);
	if (q) {
		*value = (struct str){ p + 1, (size_t)(q - p) - 1 };
		return q + 1;
	}
	while (p < s->end && !field_is_space(*p) && *p != '>')
		p++;
	value->n = (size_t)(p - value->p);
	return p;
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && field_is_space(*p))
		p++;
	return p;
}

/*
 * Read attributes up to behind '>'; with out, put down those wanted.
 * *closed: the tag ends in "/>".
 */
static const char *
read_attributes(struct scrubber *s, const char *p, enum tag tag,
    struct buf *out, bool *closed)
{
	struct str key, value;
	int kept = 0;

	*closed = false;
	for (;;) {
		p = skip_space(p, s->end);
		if (p == s->end)
			return p;
		if (*p == '>')
			return p + 1;
		if (*p == '/') {
			*closed = ++p < s->end && *p == '>';
			continue;
		}
		key.p = p++;
		while (p < s->end && !field_is_space(*p) && *p != '=' &&
		       *p != '>' && *p != '/')
			p++;
		key.n = (size_t)(p - key.p);
		value = (struct str){ p, 0 };
		p = skip_space(p, s->end);
		if (p < s->end && *p == '=')
			p = read_value(s, skip_space(p + 1, s->end), &value);
		if (out && kept < SCRUB_ATTRS && wanted(s, tag, key, value)) {
			put_attribute(out, key, value);
			kept++;
		}
	}
}

/* Content that isn't HTML ------------------------------------------------ */

static bool
is_name(const struct scrubber *s, const char *p, const struct name *n)
{
	return (size_t)(s->end - p) > n->n && strncasecmp(p, n->s, n->n) == 0;
}

/* Where "</name" stands behind p, or NULL. */
static const char *
find_end_tag(struct scrubber *s, const char *p, const struct name *n)
{
	const char **at = &s->end_tag[n->tag], *lt = p;

	if (*at && *at >= p)
		return *at < s->end ? *at : NULL;
	*at = s->end;
	while ((lt = memmem(lt, (size_t)(s->end - lt), "</", 2))) {
		if (is_name(s, lt + 2, n)) {
			*at = lt;
			return lt;
		}
		lt += 2;
	}
	return NULL;
}

/* A start tag of the page's own structure at p? */
static bool
resumes_at(const char *p, const char *end)
{
	struct name n;
	size_t left = (size_t)(end - p);

	if (left < 3 || !(is_letter(p[1]) || p[1] == '/'))
		return false;
	read_name(p + 1 + (p[1] == '/'),
	    left > MAX_NAME + 2 ? p + MAX_NAME + 2 : end, &n);
	return tags_flags[n.tag] & T_BLOCK;
}

/* Behind an element that is never closed: where the page goes on. */
static const char *
resume(const char *p, const char *end)
{
	while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
		if (resumes_at(p, end))
			return p;
		p++;
	}
	return end;
}

/* "<script/>" that stands for a whole element, as in XHTML? */
static bool
stands_alone(
    struct scrubber *s, const char *p, const char *close, const struct name *n)
{
	const char *lt = p;

	while (
	    (lt = memchr(lt, '<', (size_t)((close ? close : s->end) - lt)))) {
		if (is_name(s, ++lt, n))
			return true;
	}
	return !close;
}

/* Content of a T_RAW or T_TEXT element, p behind its start tag. */
static const char *
pass_content(
    struct scrubber *s, const char *p, const struct name *n, bool closed)
{
	unsigned flags = tags_flags[n->tag];
	const char *close = find_end_tag(s, p, n), *lt;
	bool text = (flags & T_TEXT) && !(flags & T_SKIP);

	if (closed && stands_alone(s, p, close, n))
		return p;
	if (!close) {
		lt = flags & T_RAW ? p : memchr(p, '<', (size_t)(s->end - p));
		close = resume(lt ? lt : s->end, s->end);
	}
	if (text) {
		buf_putc(s->out, '<');
		buf_put(s->out, n->s, n->n);
		buf_putc(s->out, '>');
		put_escaped(s->out, p, close);
		buf_puts(s->out, "</");
		buf_put(s->out, n->s, n->n);
		buf_putc(s->out, '>');
	}
	if (s->end - close > 2 && close[1] == '/' && is_name(s, close + 2, n))
		return read_attributes(
		    s, close + 2 + n->n, n->tag, NULL, &closed);
	return close;
}

/* A formula that MathJax would set, as an element that readers know. */
static void
put_tex(struct scrubber *s, const char *p, const char *end)
{
	if (!end)
		return;
	buf_puts(s->out, "<math");
	put_attribute(
	    s->out, STR("alttext"), (struct str){ p, (size_t)(end - p) });
	buf_puts(s->out, "></math>");
}

/* Facts about the page for machines. */
static void
note_ld(struct scrubber *s, const char *p, const char *end)
{
	struct scrub_found *f = s->found;

	if (f && end && f->n < SCRUB_LD)
		f->ld[f->n++] = (struct str){ p, (size_t)(end - p) };
}

/* Tags ------------------------------------------------------------------- */

/* p at "<x". */
static const char *
start_tag(struct scrubber *s, const char *p)
{
	struct name n;
	size_t before = s->out->n;
	bool closed, keep;

	p = read_name(p + 1, s->end, &n);
	buf_putc(s->out, '<');
	buf_put(s->out, n.s, n.n);
	p = read_attributes(s, p, n.tag, s->out, &closed);
	if (tags_flags[n.tag] & (T_RAW | T_TEXT)) {
		struct str tag = { s->out->p + before, s->out->n - before };
		bool script = n.tag == TAG_script;
		bool tex = script && field_find(tag, "math/tex");

		if (script && field_find(tag, "ld+json"))
			note_ld(s, p, find_end_tag(s, p, &n));
		s->out->n = before;
		if (tex)
			put_tex(s, p, find_end_tag(s, p, &n));
		return pass_content(s, p, &n, closed);
	}
	keep = !(tags_flags[n.tag] & T_GONE) && enter(s, &n);
	if (keep) {
		buf_putc(s->out, '>');
		return p;
	}
	s->out->n = before;
	/* Too deep: its text must still not stick to what's before. */
	if (tags_flags[n.tag] & T_BLOCK)
		buf_puts(s->out, "<br>");
	return p;
}

/* p at "</x". */
static const char *
end_tag(struct scrubber *s, const char *p)
{
	struct name n;
	bool closed;

	p = read_name(p + 2, s->end, &n);
	p = read_attributes(s, p, n.tag, NULL, &closed);
	if (n.tag == TAG_br || (n.tag == TAG_p && !leave(s, &n))) {
		buf_puts(s->out, "<br>");
	} else if (n.tag == TAG_p || leave(s, &n)) {
		buf_puts(s->out, "</");
		buf_put(s->out, n.s, n.n);
		buf_putc(s->out, '>');
	} else if (tags_flags[n.tag] & T_BLOCK) {
		buf_puts(s->out, "<br>");
	}
	return p;
}

/* p at "<!" or "<?": a comment, a doctype, or something treated as one. */
static const char *
comment(struct scrubber *s, const char *p)
{
	const char *end = NULL;

	if (s->end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		/* "<!-->" and "<!--->" are whole comments. */
		if (!(s->missing & NO_COMMENT_END))
			end = memmem(p + 2, (size_t)(s->end - p) - 2, "-->", 3);
		if (end)
			return end + 3;
		s->missing |= NO_COMMENT_END;
		/* Never closed: only its own words are lost. */
		for (p += 4; p < s->end && *p != '<'; p++)
			if (*p == '>')
				return p + 1;
		return p;
	}
	end = find(s, p, '>', NO_GT);
	return end ? end + 1 : s->end;
}

static const char *
markup(struct scrubber *s, const char *p)
{
	char c = s->end - p > 1 ? p[1] : 0;

	if (is_letter(c))
		return start_tag(s, p);
	if (c == '/' && s->end - p > 2 && is_letter(p[2]))
		return end_tag(s, p);
	if (c == '!' || c == '?' || (c == '/' && s->end - p > 2))
		return comment(s, p);
	buf_puts(s->out, "&lt;");
	return p + 1;
}

int
scrub(
    struct str page, struct buf *out, struct scrub_found *found, struct err *e)
{
	struct scrubber s = {
		.p = page.p, .end = page.p + page.n, .out = out, .found = found
	};
	const char *lt;

	if (found)
		found->n = 0;
	while (s.p < s.end) {
		lt = memchr(s.p, '<', (size_t)(s.end - s.p));
		put_text(out, s.p, lt ? lt : s.end);
		if (!lt)
			break;
		s.p = markup(&s, lt);
	}
	return buf_ok(out, e);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/hash.h"
#include "extract/builder.h"
#include "extract/field.h"

/* What opening an element did, to be undone when it closes. */
enum {
	DID_ELEM = 1,
	DID_LINK = 2,
	DID_SKIP = 4,
	DID_PRE = 8,
	DID_TITLE = 16,
	DID_MATH = 32,
	DID_NOTE = 64,
};

enum { HINTS = E_PRODUCT | E_FORUM | E_DOCS | E_CARDS | E_BLOG | E_SERVICE };

static bool
grow(struct builder *b, void **v, size_t n, size_t *cap, size_t size)
{
	void *more;
	size_t want = *cap ? 2 * *cap : 256;

	if (n < *cap)
		return true;
	more = realloc(*v, want * size);
	if (!more) {
		b->oom = true;
		return false;
	}
	*v = more;
	*cap = want;
	return true;
}

/* Commas and stops of all the scripts that have them. */
static void
count_marks(struct block *k, const char *p)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i, n = k->n;
	uint32_t commas = 0, stops = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == ',' || s[i] == ';')
			commas++;
		else if ((s[i] == '.' || s[i] == '!' || s[i] == '?') &&
			 (i + 1 == n || s[i + 1] <= ' ' || s[i + 1] == '"'))
			stops++;
		else if (s[i] == 0xe3 && n - i > 2 && s[i + 1] == 0x80)
			*(s[i + 2] == 0x82 ? &stops : &commas) +=
			    s[i + 2] == 0x81 || s[i + 2] == 0x82;
		else if (s[i] == 0xef && n - i > 2 && s[i + 1] == 0xbc) {
			commas += s[i + 2] == 0x8c;
			stops += s[i + 2] == 0x81 || s[i + 2] == 0x9f;
		}
	}
	k->commas = (uint16_t)(commas < UINT16_MAX ? commas : UINT16_MAX);
	k->stops = (uint16_t)(stops < UINT16_MAX ? stops : UINT16_MAX);
}

/* End the block, if it has come to anything. */
static void
flush(struct builder *b)
{
	struct page *p = b->page;
	struct block *k;
	size_t n = p->text.n - b->start;

	while (n && field_is_space(p->text.p[b->start + n - 1]))
		n--;
	p->text.n = b->start + n;
	b->space = false;
	b->after_link = false;
	if (n && b->elem != NO_ELEM &&
	    grow(b, (void **)&p->block, p->nblock, &p->cap_block,
		sizeof(*p->block))) {
		k = &p->block[p->nblock++];
		*k = (struct block){ .at = b->start,
			.n = (uint32_t)n,
			.link = b->link_bytes < n ? b->link_bytes : (uint32_t)n,
			.elem = b->elem,
			.bits = b->bits | (b->bullet ? E_BULLET : 0) };
		count_marks(k, p->text.p + k->at);
		b->bullet = false;
	}
	b->start = p->text.n;
	b->link_bytes = 0;
}

static uint32_t
tag_bits(enum tag tag)
{
	switch (tag) {
	case TAG_nav:
	case TAG_menu:
		return E_NAV;
	case TAG_header:
		return E_HEADER;
	case TAG_footer:
		return E_FOOTER;
	case TAG_aside:
		return E_ASIDE;
	case TAG_form:
	case TAG_fieldset:
		return E_FORM;
	case TAG_dialog:
		return E_JUNK;
	case TAG_noscript: /* all that some forums show without scripts */
		return E_HIDDEN;
	case TAG_article:
		return E_ARTICLE;
	case TAG_main:
		return E_MAIN;
	case TAG_ul:
	case TAG_ol:
	case TAG_dl:
		return E_LIST;
	case TAG_table:
		return E_TABLE;
	case TAG_pre:
	case TAG_listing:
	case TAG_xmp:
	case TAG_plaintext:
		return E_PRE;
	case TAG_blockquote:
		return E_QUOTE;
	case TAG_figcaption:
		return E_FIGURE;
	case TAG_h1:
	case TAG_h2:
	case TAG_h3:
	case TAG_h4:
	case TAG_h5:
	case TAG_h6:
		return E_HEADING;
	default:
		return 0;
	}
}

static bool
hides(struct str style)
{
	char tight[512];
	size_t i, n = 0;
	struct str s;

	for (i = 0; i < style.n && n < sizeof(tight); i++)
		if (!field_is_space(style.p[i]))
			tight[n++] = style.p[i];
	s = (struct str){ tight, n };
	return field_find(s, "display:none") ||
	       field_find(s, "visibility:hidden");
}

static uint32_t
attribute_bits(
    struct builder *b, enum tag tag, const char *name, struct str value)
{
	bool root = tag == TAG_html || tag == TAG_body;

	if (!root && (strcmp(name, "class") == 0 || strcmp(name, "id") == 0))
		return class_bits(b->classes, value);
	if (strcmp(name, "role") == 0)
		return class_bits(b->classes, value) & ~(uint32_t)E_WEAK;
	if (strcmp(name, "itemprop") == 0)
		return field_is(value, "articlebody") ? E_ARTICLE : 0;
	if (strcmp(name, "hidden") == 0)
		return E_HIDDEN;
	if (strcmp(name, "aria-hidden") == 0)
		return field_is(value, "true") ? E_HIDDEN : 0;
	if (strcmp(name, "style") == 0)
		return hides(value) ? E_HIDDEN : 0;
	return 0;
}

static uint32_t
all_bits(struct builder *b, enum tag tag, const char *const *atts)
{
	uint32_t bits = tag_bits(tag);
	bool formula = false; /* MediaWiki hides them behind an image */

	for (; atts && atts[0]; atts += 2) {
		bits |= attribute_bits(
		    b, tag, atts[0], str_c(atts[1] ? atts[1] : ""));
		formula |= atts[1] && strstr(atts[1], "mwe-math-mathml");
	}
	return formula ? bits & ~(uint32_t)E_HIDDEN : bits;
}

static const char *
attribute(const char *const *atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

static void
add_hints(struct builder *b, const char *value)
{
	b->page->hints |= class_bits(b->classes, str_c(value)) & HINTS;
}

/* The first of its kind is taken. */
static void
set_once(struct buf *b, const char *value)
{
	if (!b->n)
		buf_str(b, field_trim(str_c(value)));
}

static void
read_meta(struct builder *b, const char *const *atts)
{
	const char *name = attribute(atts, "property");
	const char *v = attribute(atts, "content");

	if (!name)
		name = attribute(atts, "name");
	if (!name || !v)
		return;
	if (strcmp(name, "og:title") == 0)
		set_once(&b->og_title, v);
	/* article:author is mostly the address of a profile. */
	if (field_is(str_c(name), "author") ||
	    (strcmp(name, "article:author") == 0 && !strstr(v, "://")))
		set_once(&b->page->author, v);
	if (strcmp(name, "og:site_name") == 0)
		set_once(&b->page->site, v);
	if (strcmp(name, "article:published_time") == 0)
		set_once(&b->page->published, v);
	if (strcmp(name, "og:type") == 0 || strcmp(name, "og:url") == 0 ||
	    strcmp(name, "generator") == 0)
		add_hints(b, v);
}

/* Facts about the page from <html>, <link>, <meta>. */
static void
read_facts(struct builder *b, enum tag tag, const char *const *atts)
{
	const char *v = NULL, *what;
	struct page *p = b->page;

	if (tag == TAG_html && !p->lang.n && (v = attribute(atts, "lang")))
		buf_puts(&p->lang, v);
	if (tag == TAG_link && !p->canonical.n &&
	    (what = attribute(atts, "rel")) &&
	    field_is(str_c(what), "canonical") &&
	    (v = attribute(atts, "href"))) {
		buf_puts(&p->canonical, v);
		add_hints(b, v);
	}
	if (tag == TAG_meta)
		read_meta(b, atts);
	if (tag == TAG_body && (v = attribute(atts, "class")))
		add_hints(b, v);
}

static uint32_t
class_name(const char *const *atts)
{
	const char *v = attribute(atts, "class");

	return v ? (uint32_t)hash64(v, strlen(v), 0) | 1 : 0;
}

enum { KEPT = E_LIST | E_TABLE | E_PRE | E_QUOTE | E_FIGURE | E_HEADING };

static int
open_elem(struct builder *b, enum tag tag, uint32_t bits, uint32_t name)
{
	struct page *p = b->page;
	struct elem *x;

	flush(b);
	if (!grow(b, (void **)&p->elem, p->nelem, &p->cap_elem,
		sizeof(*p->elem)) ||
	    p->nelem >= NO_ELEM - 1)
		return 0;
	x = &p->elem[p->nelem];
	*x = (struct elem){ .parent = b->elem,
		.first = (uint32_t)p->nblock,
		.last = (uint32_t)p->nblock,
		.bits = bits,
		.name = name,
		.tag = (uint8_t)tag };
	if (b->elem != NO_ELEM)
		x->depth = (uint16_t)(p->elem[b->elem].depth + 1);
	b->elem = (uint32_t)p->nelem++;
	if (tag == TAG_li)
		b->bullet = true;
	return DID_ELEM;
}

static void
close_elem(struct builder *b)
{
	struct elem *x = &b->page->elem[b->elem];

	flush(b);
	x->last = (uint32_t)b->page->nblock;
	if (x->tag == TAG_li)
		b->bullet = false;
	b->elem = x->parent;
}

static void
line_break(struct builder *b)
{
	struct buf *t = &b->page->text;

	if (t->n == b->start)
		return;
	b->space = false;
	if (t->p[t->n - 1] == '\n' && !b->pre)
		flush(b);
	else
		buf_putc(t, '\n');
}

/* <math> and what stands in it; what it did. */
static unsigned
open_math(struct builder *b, enum tag tag, const char *const *atts)
{
	const char *v;

	if (tag == TAG_math && !b->math && !b->skip) {
		buf_clear(&b->tex);
		buf_clear(&b->formula);
		if ((v = attribute(atts, "alttext")))
			buf_puts(&b->tex, v);
		v = attribute(atts, "display");
		b->display = v && strcmp(v, "block") == 0;
		return DID_MATH;
	}
	if (b->math && tag == TAG_annotation)
		return DID_NOTE | ((v = attribute(atts, "encoding")) &&
					      strstr(v, "tex") && !b->tex.n
					  ? 0
					  : DID_SKIP);
	return 0;
}

/* The outermost <a href>, if links are wanted. */
static void
open_link(struct builder *b, const char *const *atts)
{
	struct page *p = b->page;
	const char *href = attribute(atts, "href");
	struct str s = field_trim(str_c(href ? href : ""));

	if (!p->want_links || b->linking || b->skip || !s.n ||
	    !grow(
		b, (void **)&p->link, p->nlink, &p->cap_link, sizeof(*p->link)))
		return;
	p->link[p->nlink++] = (struct page_link){
		.from = p->text.n, .href = p->hrefs.n, .href_n = s.n
	};
	buf_str(&p->hrefs, s);
	b->linking = true;
}

static void
close_link(struct builder *b)
{
	struct page *p = b->page;

	if (!b->linking || b->link)
		return;
	b->linking = false;
	p->link[p->nlink - 1].to = p->text.n;
	p->nlink -= p->link[p->nlink - 1].from >= p->text.n;
}

void
html_open(struct builder *b, const char *name, const char *const *atts)
{
	enum tag tag = tags_find(name, strlen(name));
	unsigned flags = tags_flags[tag], did = 0;
	uint32_t bits = all_bits(b, tag, atts), before = b->bits;

	read_facts(b, tag, atts);
	if (tag == TAG_br)
		line_break(b);
	if ((flags & T_BLOCK) && !b->skip)
		did |= (unsigned)open_elem(b, tag, bits, class_name(atts));
	if ((flags & (T_SKIP | T_RAW)) ||
	    ((bits & E_HIDDEN) && !(flags & T_BLOCK)))
		did |= DID_SKIP;
	if (flags & T_LINK) {
		did |= DID_LINK;
		open_link(b, atts);
	}
	if (tag == TAG_title)
		did |= DID_TITLE;
	if (bits & E_PRE)
		did |= DID_PRE;
	if (tag == TAG_math || b->math)
		did |= open_math(b, tag, atts);
	b->math += did & DID_MATH ? 1 : 0;
	b->note += did & DID_NOTE ? 1 : 0;
	b->skip += did & DID_SKIP ? 1 : 0;
	b->link += did & DID_LINK ? 1 : 0;
	b->title += did & DID_TITLE ? 1 : 0;
	b->pre += did & DID_PRE ? 1 : 0;
	b->bits |= bits & KEPT;
	if (grow(
		b, (void **)&b->open, b->nopen, &b->cap_open, sizeof(*b->open)))
		b->open[b->nopen++] = (struct open){ before, (uint8_t)did };
}

/*
 * Bytes of one white space at s: ASCII, or U+00A0.  In *c1 whether it is one
 * of U+0080..9F, which pages mean as windows-1252.
 */
static size_t
space_at(const unsigned char *s, size_t n, bool *c1)
{
	*c1 = false;
	if (s[0] <= ' ')
		return 1;
	if (s[0] != 0xc2 || n < 2)
		return 0;
	*c1 = s[1] < 0xa0;
	return s[1] == 0xa0 ? 2 : 0;
}

/* Source: WHATWG Encoding Standard, index windows-1252, 0x80 to 0x9f. */
static const char *const windows_1252[32] = { "\xe2\x82\xac", "",
	"\xe2\x80\x9a", "\xc6\x92", "\xe2\x80\x9e", "\xe2\x80\xa6",
	"\xe2\x80\xa0", "\xe2\x80\xa1", "\xcb\x86", "\xe2\x80\xb0", "\xc5\xa0",
	"\xe2\x80\xb9", "\xc5\x92", "", "\xc5\xbd", "", "", "\xe2\x80\x98",
	"\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\xa2",
	"\xe2\x80\x93", "\xe2\x80\x94", "\xcb\x9c", "\xe2\x84\xa2", "\xc5\xa1",
	"\xe2\x80\xba", "\xc5\x93", "", "\xc5\xbe", "\xc5\xb8" };

/* Bytes that need no thought. */
static size_t
plain_run(const unsigned char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] > ' ' && s[i] != 0xc2)
		i++;
	return i;
}

static void
put_run(struct builder *b, struct buf *to, const char *s, size_t n)
{
	bool first = to->n == b->start && to == &b->page->text;

	/* Links side by side are words of their own. */
	if ((b->space || (b->after_link && b->link)) && !first && to->n &&
	    to->p[to->n - 1] != '\n')
		buf_putc(to, ' ');
	b->space = b->after_link = false;
	buf_put(to, s, n);
	if (b->link && to == &b->page->text)
		b->link_bytes += (uint32_t)n;
}

/* "{\\displaystyle x}", which Wikipedia writes, as "x". */
static struct str
bare_tex(struct str s)
{
	static const struct str style = STR("{\\displaystyle");

	s = field_trim(s);
	if (str_starts(s, style) && s.p[s.n - 1] == '}')
		s = field_trim(
		    (struct str){ s.p + style.n, s.n - style.n - 1 });
	return s;
}

static void
close_math(struct builder *b)
{
	struct str tex = bare_tex(buf_view(&b->tex)), s;
	const char *mark = b->display ? "$$" : "$";
	struct buf *to = b->title ? &b->page->title : &b->page->text;

	if (!tex.n) {
		s = field_trim(buf_view(&b->formula));
		if (s.n)
			put_run(b, to, s.p, s.n);
		return;
	}
	buf_clear(&b->formula);
	buf_puts(&b->formula, mark);
	buf_str(&b->formula, tex);
	buf_puts(&b->formula, mark);
	put_run(b, to, b->formula.p, b->formula.n);
}

void
html_close(struct builder *b)
{
	struct open o;

	if (!b->nopen)
		return;
	o = b->open[--b->nopen];
	if (o.did & DID_MATH) {
		b->math = 0;
		close_math(b);
	}
	b->note -= o.did & DID_NOTE ? 1 : 0;
	if (o.did & DID_ELEM)
		close_elem(b);
	b->skip -= o.did & DID_SKIP ? 1 : 0;
	b->link -= o.did & DID_LINK ? 1 : 0;
	if (o.did & DID_LINK)
		close_link(b);
	b->title -= o.did & DID_TITLE ? 1 : 0;
	b->pre -= o.did & DID_PRE ? 1 : 0;
	b->bits = o.bits;
	b->after_link = o.did & DID_LINK;
}

static void
put_pre(struct builder *b, const char *s, size_t n)
{
	struct buf *t = &b->page->text;

	if (t->n == b->start && n && s[0] == '\n') {
		s++; /* the newline behind <pre> is none */
		n--;
	}
	buf_put(t, s, n);
	if (b->link)
		b->link_bytes += (uint32_t)n;
}

void
html_text(struct builder *b, const char *s, size_t n)
{
	struct buf *to = b->title ? &b->page->title : &b->page->text;
	const unsigned char *u = (const unsigned char *)s;
	size_t i = 0, run;
	bool c1;

	if (b->skip)
		return;
	if (b->math) {
		buf_put(b->note ? &b->tex : &b->formula, s, n);
		return;
	}
	if (b->pre && !b->title) {
		put_pre(b, s, n);
		return;
	}
	while (i < n) {
		run = plain_run(u + i, n - i);
		if (run) {
			put_run(b, to, s + i, run);
			i += run;
			continue;
		}
		run = space_at(u + i, n - i, &c1);
		if (run) {
			b->space = true;
		} else if (c1) {
			const char *as = windows_1252[u[i + 1] - 0x80];

			put_run(b, to, as, strlen(as));
			run = 2;
		} else {
			run = n - i < 2 ? 1 : 2;
			put_run(b, to, s + i, run);
		}
		i += run;
	}
}

void
builder_begin(struct builder *b, struct page *p)
{
	page_clear(p);
	buf_clear(&b->og_title);
	b->page = p;
	b->elem = NO_ELEM;
	b->nopen = 0;
	b->start = 0;
	b->bits = 0;
	b->link_bytes = 0;
	b->skip = b->link = b->title = b->pre = 0;
	b->linking = false;
	b->math = b->note = 0;
	b->space = b->after_link = b->bullet = b->oom = false;
	open_elem(b, TAG_NONE, 0, 0); /* the root: no text is outside of it */
}

void
builder_end(struct builder *b)
{
	while (b->nopen)
		html_close(b);
	if (b->elem != NO_ELEM)
		close_elem(b);
	if (!b->page->title.n)
		buf_str(&b->page->title, buf_view(&b->og_title));
}

void
builder_free(struct builder *b)
{
	buf_free(&b->og_title);
	buf_free(&b->tex);
	buf_free(&b->formula);
	free(b->open);
}

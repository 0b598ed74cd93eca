/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/hash.h"
#include "extract/builder.h"
#include "extract/field.h"

enum { HINTS = E_PRODUCT | E_FORUM | E_DOCS | E_CARDS | E_BLOG | E_SERVICE };

static const uint32_t tag_bits[TAG_COUNT] = {
	[TAG_nav] = E_NAV,
	[TAG_menu] = E_NAV,
	[TAG_header] = E_HEADER,
	[TAG_footer] = E_FOOTER,
	[TAG_aside] = E_ASIDE,
	[TAG_form] = E_FORM,
	[TAG_fieldset] = E_FORM,
	[TAG_dialog] = E_JUNK,
	[TAG_noscript] = E_HIDDEN, /* all that some forums show */
	[TAG_article] = E_ARTICLE,
	[TAG_main] = E_MAIN,
	[TAG_ul] = E_LIST,
	[TAG_ol] = E_LIST,
	[TAG_dl] = E_LIST,
	[TAG_table] = E_TABLE,
	[TAG_pre] = E_PRE,
	[TAG_listing] = E_PRE,
	[TAG_xmp] = E_PRE,
	[TAG_plaintext] = E_PRE,
	[TAG_blockquote] = E_QUOTE,
	[TAG_figcaption] = E_FIGURE,
	[TAG_h1] = E_HEADING,
	[TAG_h2] = E_HEADING,
	[TAG_h3] = E_HEADING,
	[TAG_h4] = E_HEADING,
	[TAG_h5] = E_HEADING,
	[TAG_h6] = E_HEADING,
};

/* "display: none" and its like. */
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

/* MediaWiki hides its formulas behind an image. */
static bool
is_formula(const struct atts *a)
{
	static const char name[] = "mwe-math-mathml";
	struct str v = a->v[ATT_CLASS];

	return has_att(a, ATT_CLASS) &&
	       memmem(v.p, v.n, name, sizeof(name) - 1);
}

static uint32_t
hidden_bits(const struct atts *a)
{
	if (has_att(a, ATT_HIDDEN) ||
	    (has_att(a, ATT_ARIA_HIDDEN) &&
		field_is(a->v[ATT_ARIA_HIDDEN], "true")) ||
	    (has_att(a, ATT_STYLE) && hides(a->v[ATT_STYLE])))
		return E_HIDDEN;
	return 0;
}

uint32_t
facts_bits(struct builder *b, const struct tag_token *t, uint32_t *shape)
{
	const struct atts *a = &t->atts;
	uint32_t bits = tag_bits[t->tag];
	uint64_t hash = 0;

	*shape = 0;
	if (!a->has)
		return bits;
	if (has_att(a, ATT_CLASS)) {
		hash = hash64(a->v[ATT_CLASS].p, a->v[ATT_CLASS].n, 0);
		*shape = (uint32_t)hash | 1;
	}
	bits |= hidden_bits(a);
	if (has_att(a, ATT_ROLE))
		bits |=
		    class_bits(b->classes, a->v[ATT_ROLE]) & ~(uint32_t)E_WEAK;
	if (has_att(a, ATT_ITEMPROP) &&
	    field_is(a->v[ATT_ITEMPROP], "articlebody"))
		bits |= E_ARTICLE;
	if (t->tag == TAG_html || t->tag == TAG_body)
		return bits;
	if (has_att(a, ATT_ID))
		bits |= class_bits(b->classes, a->v[ATT_ID]);
	if (has_att(a, ATT_CLASS))
		bits |= class_bits_by_hash(b->classes, a->v[ATT_CLASS], hash);
	if ((bits & E_HIDDEN) && is_formula(a))
		bits &= ~(uint32_t)E_HIDDEN;
	return bits;
}

/* Facts about the page --------------------------------------------------- */

static void
add_hints(struct builder *b, struct str value)
{
	b->page->hints |= class_bits(b->classes, value) & HINTS;
}

/* The first of its kind is taken. */
static void
set_once(struct buf *b, struct str value)
{
	if (!b->n)
		buf_str(b, field_trim(value));
}

static void
read_meta(struct builder *b, const struct atts *a)
{
	struct str v = a->v[ATT_CONTENT];
	struct str name = has_att(a, ATT_PROPERTY) ? a->v[ATT_PROPERTY]
			  : has_att(a, ATT_NAME)   ? a->v[ATT_NAME]
						   : (struct str){ NULL, 0 };

	if (!name.n || !has_att(a, ATT_CONTENT))
		return;
	if (str_eq(name, STR("og:title")))
		set_once(&b->og_title, v);
	/* article:author is mostly the address of a profile. */
	if (field_is(name, "author") || (str_eq(name, STR("article:author")) &&
					    !memmem(v.p, v.n, "://", 3)))
		set_once(&b->page->author, v);
	if (str_eq(name, STR("og:site_name")))
		set_once(&b->page->site, v);
	if (str_eq(name, STR("article:published_time")))
		set_once(&b->page->published, v);
	if (str_eq(name, STR("og:type")) || str_eq(name, STR("og:url")) ||
	    str_eq(name, STR("generator")))
		add_hints(b, v);
}

static void
read_link(struct builder *b, const struct atts *a)
{
	struct str v = a->v[ATT_HREF];

	if (b->page->canonical.n || !has_att(a, ATT_HREF) ||
	    !has_att(a, ATT_REL) || !field_is(a->v[ATT_REL], "canonical"))
		return;
	buf_str(&b->page->canonical, v);
	add_hints(b, v);
}

void
facts_read(struct builder *b, const struct tag_token *t)
{
	const struct atts *a = &t->atts;

	if (t->tag == TAG_html && !b->page->lang.n && has_att(a, ATT_LANG))
		buf_str(&b->page->lang, a->v[ATT_LANG]);
	if (t->tag == TAG_link)
		read_link(b, a);
	if (t->tag == TAG_meta)
		read_meta(b, a);
	if (t->tag == TAG_body && has_att(a, ATT_CLASS))
		add_hints(b, a->v[ATT_CLASS]);
}

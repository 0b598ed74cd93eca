/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_BUILDER_H
#define EXTRACT_BUILDER_H

#include "extract/class.h"
#include "extract/html.h"

/*
 * Inside html*.c.  A page goes down these stairs, in one pass:
 *
 *	html_read.c   bytes to tags, attributes, text   (tokenizer)
 *	html_tree.c   tags to a stack of open elements  (what a tag closes)
 *	html_build.c  the stack to elements and blocks
 *	html_text.c   text to the current block
 *	html_facts.c  attributes to E_ bits and facts about the page
 */

/* Attributes that anybody asks for. */
enum att {
	ATT_CLASS,
	ATT_ID,
	ATT_ROLE,
	ATT_ITEMPROP,
	ATT_HIDDEN,
	ATT_ARIA_HIDDEN,
	ATT_STYLE,
	ATT_LANG,
	ATT_CONTENT,
	ATT_PROPERTY,
	ATT_NAME,
	ATT_REL,
	ATT_HREF,
	ATT_TYPE,
	ATT_ALTTEXT,
	ATT_ENCODING,
	ATT_DISPLAY,
	ATT_COUNT
};

struct atts {
	uint32_t has;            /* 1 << ATT_CLASS ... */
	struct str v[ATT_COUNT]; /* of those that it has, decoded */
};

static inline bool
has_att(const struct atts *a, enum att k)
{
	return a->has >> k & 1;
}

struct tag_token {
	enum tag tag;
	uint32_t name; /* of TAG_NONE: hash, never 0 */
	bool closed;   /* "/>" */
	struct atts atts;
};

/* An open element. */
struct open {
	uint32_t bits; /* of the builder, to be restored */
	uint32_t name;
	int16_t p;    /* builder's p before it was opened */
	int16_t wall; /* the innermost that list items don't reach over; -1 */
	uint8_t did;  /* see html_build.c */
	uint8_t tag;
	bool ghost; /* its end tag came while others were open within */
};

/* What has been seen of the page's frame. */
enum phase { BEFORE_HTML, BEFORE_HEAD, IN_HEAD, BEHIND_HEAD, IN_BODY };

struct builder {
	struct page *page;
	struct class_cache *classes;

	/* The stack: html_tree.c. */
	struct open open[HTML_DEPTH];
	int nopen;
	int p; /* the innermost <p> that a block would close, or -1 */
	uint16_t count[TAG_COUNT]; /* open elements of a kind */
	uint16_t names[256];       /* ... of names by their lowest byte */
	enum phase phase;

	/* The block: html_build.c, html_text.c. */
	uint32_t elem; /* innermost block element */
	uint32_t bits; /* E_LIST ... around here */
	size_t start;  /* of the current block in page->text */
	uint32_t link_bytes;
	int skip, link, title, pre; /* depths */
	int math, note;             /* ... of <math>, its <annotation> */
	bool linking;               /* the last of page->link is open */
	bool display;               /* the formula stands by itself */
	bool space;      /* white space is due before the next word */
	bool after_link; /* a link has closed, no text since */
	bool bullet;     /* the next block begins a list item */
	bool oom;
	struct buf og_title;
	struct buf tex, formula; /* of a <math>: as LaTeX, as its text */
};

void builder_begin(struct builder *b, struct page *p);
void builder_end(struct builder *b);
void builder_free(struct builder *b);

/* html_tree.c.  Tags that mean nothing to us may be left out, but for those
 * that end <head>. */
void tree_start(struct builder *b, const struct tag_token *t);
void tree_end(struct builder *b, const struct tag_token *t);
/* refs: character references are to be replaced. */
void tree_text(struct builder *b, struct str s, bool refs);

/* html_build.c */
void builder_open(struct builder *b, const struct tag_token *t);
/* Close the innermost element. */
void builder_close(struct builder *b);
/* Undo all but the block of an element that others are open in. */
void builder_undo(struct builder *b, struct open *o);
/* What separates words, and blocks. */
void builder_break(struct builder *b);
void builder_flush(struct builder *b);
bool builder_grow(
    struct builder *b, void *array, size_t n, size_t *cap, size_t size);

/* html_text.c */
void builder_text(struct builder *b, struct str s, bool refs);
void builder_math(struct builder *b); /* at the end of a formula */

/* html_facts.c */
/* elem.bits and elem.name. */
uint32_t
facts_bits(struct builder *b, const struct tag_token *t, uint32_t *shape);
void facts_read(struct builder *b, const struct tag_token *t);

#endif

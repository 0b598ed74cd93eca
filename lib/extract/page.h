/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_PAGE_H
#define EXTRACT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "extract/tags.h"

struct err;

/*
 * A web page as a flat array of blocks in document order.
 *
 *	html -> elements (a tree, by parent's index)
 *	     -> blocks   (runs of text, each in its innermost block element)
 *
 * An element's blocks are a range, so that any question about a subtree ("how
 * much of it is link text?") is a subtraction of two prefix sums.  Choosing
 * the main text (select.h) and writing it (render.h) only read the arrays.
 *
 * Lengths are bytes of UTF-8: a Chinese character counts 3, about what it says
 * compared to a Latin letter.
 */

/* What an element's tag, class, id and other attributes say of it. */
enum {
	E_NAV = 1 << 0,
	E_HEADER = 1 << 1,
	E_FOOTER = 1 << 2,
	E_ASIDE = 1 << 3,
	E_FORM = 1 << 4,
	E_HIDDEN = 1 << 5,
	E_COMMENT = 1 << 6,  /* what readers say */
	E_JUNK = 1 << 7,     /* share, related, newsletter, advert ... */
	E_WEAK = 1 << 8,     /* byline, caption, tags: junk if short */
	E_ARTICLE = 1 << 9,  /* claims to be the article */
	E_MAIN = 1 << 10,    /* claims to hold the main content */
	E_CONTENT = 1 << 11, /* class says content, post, entry, text */
	E_LIST = 1 << 12,
	E_TABLE = 1 << 13,
	E_PRE = 1 << 14,
	E_QUOTE = 1 << 15,
	E_FIGURE = 1 << 16,
	E_HEADING = 1 << 17,
	E_BULLET = 1 << 18, /* of a block: the first of its list item */
	/* What kind of page has elements of such names. */
	E_PRODUCT = 1 << 19,
	E_FORUM = 1 << 20,
	E_DOCS = 1 << 21,
	E_CARDS = 1 << 22, /* listings, collections: grids of cards, results */
	E_BLOG = 1 << 23,
	E_SERVICE = 1 << 24,
};

enum { NO_ELEM = UINT32_MAX };

struct elem {
	uint32_t parent;      /* NO_ELEM for the root */
	uint32_t first, last; /* its blocks: [first, last) */
	uint32_t bits;        /* its own */
	uint32_t name;        /* hash of its class; 0: none */
	uint16_t depth;
	uint8_t tag;
};

struct block {
	uint32_t at;   /* in page.text */
	uint32_t n;    /* bytes */
	uint32_t link; /* of them within links */
	uint32_t elem;
	uint32_t bits;   /* E_LIST .. E_BULLET, from all elements around it */
	uint16_t commas; /* and other pauses within sentences */
	uint16_t stops;  /* ends of sentences */
};

/* Sums over blocks[0..i). */
struct sums {
	uint32_t text, link;
};

/* A link's text and where it leads; only of pages that ask for them. */
struct page_link {
	size_t from, to;     /* in page.text */
	size_t href, href_n; /* in page.hrefs */
};

struct page {
	bool want_links; /* the caller's wish; page_clear() keeps it */
	struct page_link *link;
	size_t nlink, cap_link;
	struct buf hrefs;
	struct buf text;
	struct block *block;
	size_t nblock, cap_block;
	struct elem *elem;
	size_t nelem, cap_elem;
	struct sums *sum; /* nblock + 1, after page_end() */
	size_t cap_sum;
	uint32_t hints; /* E_PRODUCT .. E_SERVICE that <head>, <body> give */
	/* From <head> and JSON-LD; empty if missing. */
	struct buf title, lang, canonical, author, site, published, modified;
};

void page_free(struct page *p);
/* Empty it, keep the memory. */
void page_clear(struct page *p);
/* Compute the sums.  ERR_NOMEM. */
int page_end(struct page *p, struct err *e);

static inline struct str
page_text(const struct page *p, const struct block *b)
{
	return (struct str){ p->text.p + b->at, b->n };
}

/* Text bytes within an element, and how many of them are links. */
static inline uint64_t
page_len(const struct page *p, const struct elem *e)
{
	return p->sum[e->last].text - p->sum[e->first].text;
}

static inline uint64_t
page_link(const struct page *p, const struct elem *e)
{
	return p->sum[e->last].link - p->sum[e->first].link;
}

#endif

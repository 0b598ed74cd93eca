/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_FEATURE_H
#define EXTRACT_FEATURE_H

#include "extract/rules.h"

struct err;

/*
 * What is known of a block, as whole numbers (shares are in 1/1000), so that
 * whatever is decided by them is decided alike on every machine.
 *
 *	the block      its length, links, marks, words, tag
 *	names          what stands around it claims to be (E_ bits)
 *	containers     length, links, prose of the elements around it
 *	neighbours     the blocks before and behind
 *	repetition     the innermost and outermost group of at least three
 *	               siblings of one shape (tag and class) that it is part of
 *	rules          what the rules of rules.h say of it
 *	page           sums over the page, the same for all its blocks
 *
 * Forests (forest.h) are grown on these numbers: a change of their meaning or
 * order needs new forests (tests/bench/extract_grow.py).
 */
enum { FEATURE_LEVELS = 4, FEATURE_NEAR = 3, FEATURE_HINTS = 6 };
enum feature {
	F_BYTES,
	F_LINK,
	F_COMMAS,
	F_STOPS,
	F_DIGITS,
	F_UPPERS,
	F_SPACES,
	F_LEGAL, /* words of legal notices, of buttons, of bylines, of shops */
	F_ACTION,
	F_BYLINE,
	F_SHOP,
	F_FIRST, /* kind of the first and the last byte */
	F_LAST,
	F_TAG,
	F_SHAPE,    /* E_LIST .. E_BULLET */
	F_IN_TITLE, /* the title has this text */
	F_DEPTH,
	F_BELIEVED, /* how many of the names of boilerplate are believed */
	F_CLAIMED,  /* how many there are */
	F_NAV,
	F_HEADER,
	F_FOOTER,
	F_ASIDE,
	F_FORM,
	F_HIDDEN,
	F_COMMENT,
	F_JUNK,
	F_WEAK,
	F_FIGURE,
	F_ARTICLE,
	F_MAIN,
	F_CONTENT,
	F_HINT, /* E_PRODUCT .. E_SERVICE around it */
	F_CHARS_AT = F_HINT + FEATURE_HINTS,
	F_BLOCKS_AT,
	F_FROM_H1,
	F_FROM_HEADING,
	F_TO_END,
	F_LEVEL, /* bytes, share of page, links, prose, share of prose a level
		  */
	F_NEAR = F_LEVEL + 5 * FEATURE_LEVELS, /* before: bytes, link, stops */
	F_BEHIND = F_NEAR + 3 * FEATURE_NEAR,
	F_WINDOW = F_BEHIND + 3 * FEATURE_NEAR, /* +-5: bytes, link, prose */
	F_REP_IN = F_WINDOW + 3, /* count, mean bytes, link, share of page */
	F_REP_OUT = F_REP_IN + 4,
	F_BEST = F_REP_OUT + 4, /* within the best element, blocks from it */
	F_FROM_BEST,
	F_RULES, /* the rules keep it */
	F_SAME,  /* blocks of this very text */
	F_COPY,  /* how many of them stand before this one */
	FEATURES_OF_BLOCK,

	F_PAGE_BYTES = FEATURES_OF_BLOCK,
	F_PAGE_LINK,
	F_PAGE_BLOCKS,
	F_PAGE_PROSE,
	F_PAGE_PROSE_BLOCKS,
	F_PAGE_MEAN,
	F_PAGE_ARTICLES, /* elements */
	F_PAGE_HEADINGS,
	F_PAGE_ITEMS,
	F_PAGE_CELLS,
	F_PAGE_PRE, /* bytes in 1/1000 */
	F_PAGE_COMMENT,
	F_PAGE_BEST, /* the best element's share of bytes, of prose */
	F_PAGE_BEST_PROSE,
	F_PAGE_REP, /* the largest group: count, mean bytes, share, link */
	F_PAGE_RULES = F_PAGE_REP + 4, /* bytes kept by the rules */
	F_PAGE_LEGAL,
	F_PAGE_ACTION,
	F_PAGE_BYLINE,
	F_PAGE_SHOP,
	F_PAGE_HINT,                               /* elements in 1/1000 */
	F_PAGE_HEAD = F_PAGE_HINT + FEATURE_HINTS, /* 1: <head> says so */
	FEATURES = F_PAGE_HEAD + FEATURE_HINTS,
};

/* Of a block's text. */
struct text_stat {
	uint16_t digits, uppers, spaces;     /* 1/1000 of bytes */
	uint8_t legal, action, byline, shop; /* words */
	uint8_t first, last;
	uint16_t same, copy;
};

/* Elements of one shape under one parent. */
struct shape {
	uint32_t parent, name;
	uint32_t count;
	uint32_t first; /* element + 1; 0: an empty slot */
	uint64_t text, link;
};

struct feature_elem {
	uint32_t in, out; /* shapes + 1; 0: none */
	uint32_t claimed; /* E_ bits around it, believed or not */
};

struct feature_block {
	uint32_t h1, heading; /* blocks since; UINT32_MAX: none yet */
};

/* Scratch memory of one thread; all zeros is fine. */
struct features {
	struct text_stat *text;      /* (nblock) */
	struct feature_block *since; /* (nblock) */
	struct feature_elem *elem;   /* (nelem) */
	struct shape *shape;         /* hash table */
	uint32_t *same;              /* hash table of texts */
	size_t nshape, nsame;        /* powers of two */
	size_t cap_block, cap_elem;
	uint32_t best_first, best_last; /* blocks of the best element */
	int32_t page[FEATURES];         /* those of the page */
};
void features_free(struct features *f);

/*
 * Look at a page once, after the rules of s have been applied: s->bits,
 * s->prose, s->keep are read.  best: the element that the rules chose.
 * ERR_NOMEM.
 */
int features_begin(struct features *f, const struct page *p,
    const struct rules *s, struct err *e);
/* Of block i. */
void features_row(const struct features *f, const struct page *p,
    const struct rules *s, size_t i, int32_t row[FEATURES]);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_RULES_H
#define EXTRACT_RULES_H

#include "extract/page.h"

struct err;

/*
 * The main content of a page by rules.
 *
 * Every block has a worth: prose gains by its length, link lists and what
 * stands in boilerplate (nav, footer, share boxes, comments ...) lose.  The
 * element whose blocks sum to the most is the content; within it blocks are
 * kept or left out one by one.  Where too little comes of it, wider choices
 * follow: all prose, all but boilerplate, everything.
 *
 * Sources: Kohlschuetter et al., "Boilerplate Detection using Shallow Text
 * Features", WSDM 2010 (link density, text length); Readability (what commas
 * and class names tell).  Constants were set on public evaluation sets.
 */
enum select_mode { SELECT_BALANCED, SELECT_PRECISION, SELECT_RECALL };

/* Scratch memory of one thread; all zeros is fine. */
struct rules {
	uint8_t *keep;  /* (nblock) 1: main content */
	uint32_t *bits; /* (nelem) what counts of an element and those around */
	int64_t *worth; /* (nblock + 1) prefix sums */
	uint64_t *prose; /* (nblock + 1) prefix sums */
	size_t best;     /* the element that is worth most */
	size_t cap_block, cap_elem;
};
void rules_free(struct rules *s);

/* Fills s.  ERR_NOMEM. */
int rules_apply(struct rules *s, const struct page *p, enum select_mode mode,
    struct err *e);

#endif

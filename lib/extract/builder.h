/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_BUILDER_H
#define EXTRACT_BUILDER_H

#include "extract/class.h"
#include "extract/html.h"

/* Inside html*.c: events of a parser to blocks. */
struct open {
	uint32_t bits; /* of the builder, to be restored */
	uint8_t did;
};

struct builder {
	struct page *page;
	struct class_cache *classes;
	struct open *open; /* elements */
	size_t nopen, cap_open;
	struct buf og_title;
	struct buf tex, formula; /* of a <math>: as LaTeX, as its text */
	uint32_t elem;           /* innermost block element */
	uint32_t bits;           /* E_LIST ... around here */
	size_t start;            /* of the current block in page->text */
	uint32_t link_bytes;
	bool linking;               /* the last of page->link is open */
	int skip, link, title, pre; /* depths */
	int math, note;             /* ... of <math>, its <annotation> */
	bool display;               /* the formula stands by itself */
	bool space;      /* white space is due before the next word */
	bool after_link; /* a link has just closed */
	bool bullet;     /* the next block begins a list item */
	bool oom;
};

void builder_begin(struct builder *b, struct page *p);
void builder_end(struct builder *b);
void builder_free(struct builder *b);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_HTML_READ_H
#define EXTRACT_HTML_READ_H

#include "extract/builder.h"

/* Inside html*.c: the tokenizer's memory, kept from page to page. */
struct html_reader {
	struct builder build;
	struct buf value[ATT_COUNT]; /* values that had to be decoded */
	struct str ld[HTML_LD];      /* JSON-LD, within the page */
	size_t nld;
};

/* The page to h->build, between builder_begin() and builder_end(). */
void html_read(struct html_reader *h, struct str page);

#endif

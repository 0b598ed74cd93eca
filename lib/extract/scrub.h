/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_SCRUB_H
#define EXTRACT_SCRUB_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * Make a page safe and cheap for the HTML parser, in one linear pass: what
 * can't become text (scripts, styles, comments, SVG, most attributes) is left
 * out, '<' that opens nothing is escaped, and nesting is kept below
 * SCRUB_DEPTH (deeper start tags go, their text stays).  A comment, script or
 * quoted attribute that is never closed ends where the page goes on, rather
 * than swallowing it.
 *
 * s: valid UTF-8; the result, appended to out, is too.  ERR_NOMEM.
 * Source: HTML Standard, 13.2.5 (tokenization), whose states this follows.
 */
enum {
	SCRUB_DEPTH = 1000, /* open elements */
	SCRUB_ATTRS = 24,   /* attributes kept of a tag */
	SCRUB_VALUE = 2048, /* bytes kept of a value */
	SCRUB_LD = 8,       /* pieces of JSON-LD found */
};

/* What may be asked for: addresses of links, and what is left out: <script
 * type="application/ld+json">.
 */
struct scrub_found {
	bool links;              /* set by the caller */
	struct str ld[SCRUB_LD]; /* within s */
	size_t n;
};

/* found: NULL, or filled. */
int
scrub(struct str s, struct buf *out, struct scrub_found *found, struct err *e);

#endif

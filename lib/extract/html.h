/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_HTML_H
#define EXTRACT_HTML_H

#include "base/str.h"
#include "extract/page.h"

struct err;

/*
 * HTML to a struct page, in one pass and in time that grows with its bytes.
 *
 * The bytes are cut into tags, text and what is passed over (scripts, styles,
 * SVG, comments) by the states of the HTML Standard's tokenizer.  Open elements
 * are a stack of at most HTML_DEPTH, kept by the Standard's rules of what
 * closes what.  It's no tree: an element that is closed too early doesn't come
 * back, what doesn't belong into a table stays where it stands, deeper elements
 * aren't opened though their text stays, and nothing is ever lost: a comment,
 * script or quoted attribute that is never closed ends where the page goes on.
 *
 * White space is collapsed except in <pre>; block elements and <br><br> break
 * the text, inline ones don't, and two links side by side are kept apart.
 *
 * Source: HTML Standard, 13.2.5 (tokenization), 13.2.6 (tree construction).
 */
enum {
	HTML_DEPTH = 512, /* open elements, as in browsers */
	HTML_LD = 8,      /* pieces of JSON-LD that are read */
};

struct html; /* one a thread */

struct html *html_new(void);
void html_free(struct html *h);

/* s: valid UTF-8, of which a gigabyte is read.  p is cleared first.  ERR_NOMEM.
 */
int html_parse(struct html *h, struct str s, struct page *p, struct err *e);

/* Once in the process, before all other calls. */
void html_init(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_HTML_H
#define EXTRACT_HTML_H

#include "base/str.h"
#include "extract/page.h"

struct err;

/*
 * HTML to a struct page: scrub() it, parse it (libxml2, SAX: no tree is
 * built, so depth costs nothing), and cut the text into blocks.  White space
 * is collapsed except in <pre>; block elements and <br><br> break the text,
 * inline ones don't, and two links side by side are kept apart.
 *
 * The builder half takes events and knows no parser: html_open(), html_text()
 * and html_close() are all that another parser would have to call.
 */
struct html; /* one a thread */

struct html *html_new(void);
void html_free(struct html *h);

/* s: valid UTF-8.  p is cleared first.  ERR_NOMEM. */
int html_parse(struct html *h, struct str s, struct page *p, struct err *e);

/* Once in the process, before and after all other calls. */
void html_init(void);
void html_done(void);

/* The builder: name in lower case; atts: name, value, ..., NULL, or NULL. */
struct builder;
void html_open(struct builder *b, const char *name, const char *const *atts);
void html_close(struct builder *b);
void html_text(struct builder *b, const char *s, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_RENDER_H
#define EXTRACT_RENDER_H

#include "extract/page.h"

/*
 * The kept blocks as text for people: paragraphs and headings with a blank
 * line between them, list items as lines that begin with "- ", the cells of a
 * table's row in one line with " | " between them, <pre> as it stands.
 * Appends to out; no newline at the end.
 */
void render_text(const struct page *p, const uint8_t *keep, struct buf *out);

/*
 * The same as Markdown: # headings, nested lists (numbered if the page's are),
 * tables of pipes with a rule behind the first row, fenced code with its white
 * space, > quotes.  Formulas are LaTeX between $ signs in both.  Signs that
 * mean something to Markdown are not escaped, except | in tables.
 *
 * Source: GitHub Flavored Markdown 0.29.
 */
void
render_markdown(const struct page *p, const uint8_t *keep, struct buf *out);

/* For both: the innermost element of either tag around a block, looked for a
 * few levels up; NO_ELEM if there is none. */
uint32_t
render_around(const struct page *p, uint32_t e, enum tag a, enum tag b);
/* Longer cells, in bytes, are no table's, but a page's layout. */
enum { RENDER_CELL = 200 };

#endif

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

#endif

/* SPDX-License-Identifier: MIT */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Pieces of a page that needs nothing from outside itself.  The page is
 * well-formed XML too, so that a parser can check it.
 */

/* s as text or attribute value: < > & " ' escaped, control
 * characters made spaces, what is no UTF-8 made U+FFFD. */
void markup_text(struct buf *out, struct str s);
/* 1234567 as 1,234,567. */
void markup_count(struct buf *out, uint64_t n);
/* 1572864 as 1.5 MiB. */
void markup_bytes(struct buf *out, uint64_t n);
/* A number with four significant digits: 0.0123, 12.35, 1.2M. */
void markup_number(struct buf *out, double v);
/* part / whole in per cent: "12.3 %"; "0 %" of nothing. */
void markup_percent(struct buf *out, uint64_t part, uint64_t whole);

/* The page up to its first section, and its end. */
void markup_begin(struct buf *out, struct str title);
void markup_end(struct buf *out);

#endif

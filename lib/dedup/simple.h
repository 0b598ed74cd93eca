/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SIMPLE_H
#define DEDUP_SIMPLE_H

#include "base/str.h"

struct buf;
struct err;

/*
 * Append to out the form of text (valid UTF-8) that datatrove compares: lower
 * case; each number, with one fraction, "0"; marks of punctuation and control
 * characters blanks; runs of white space one blank, none at the ends; letters
 * without their accents (NFD, without \p{Mn}).  low is scratch, cleared first.
 * ERR_NOMEM.  Thread-safe with its buffers.
 * Source: datatrove 0.10, utils/text.py, what simplify_text() does by default.
 */
int
simple_form(struct str text, struct buf *low, struct buf *out, struct err *e);

#endif

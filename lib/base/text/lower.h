/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_LOWER_H
#define BASE_TEXT_LOWER_H

#include "base/str.h"

struct buf;
struct err;

/*
 * Append text (valid UTF-8) in lower case to out: the full, language-neutral
 * mapping, so that U+0130 becomes two code points and a capital sigma at the
 * end of a word becomes a final one.  Python's str.lower() does the same.
 * ERR_NOMEM.  Thread-safe.
 * Source: The Unicode Standard, 3.13 "Default Case Algorithms";
 * SpecialCasing.txt, unconditional mappings and Final_Sigma.
 */
int text_lower(struct str text, struct buf *out, struct err *e);

#endif

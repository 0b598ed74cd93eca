/* SPDX-License-Identifier: MIT */
#ifndef FILTER_MARKS_H
#define FILTER_MARKS_H

#include "base/text/uni.h"

/*
 * Marks: what makes no word by itself.  All of ASCII that isn't letter, digit
 * or space, the controls, Unicode's punctuation, and a few symbols that web
 * pages use like it.
 */
static inline bool
is_mark(uint32_t cp)
{
	if (cp < 0xa0)
		return cp >= 0x7f || cp < 0x20 || (cp > 0x20 && cp < '0') ||
		       (cp > '9' && cp < 'A') || (cp > 'Z' && cp < 'a') ||
		       (cp > 'z' && cp < 0x7f);
	return cp == 0xb4 || cp == 0x2236 || cp == 0x2501 || cp == 0x25ba ||
	       cp == 0xff5e || uni_class(cp) & UNI_PUNCT;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_WORDS_H
#define EXTRACT_WORDS_H

#include <stdint.h>

#include "base/str.h"

/* Words that furniture of pages is made of, in the web's larger languages. */
enum { WORDS_LEGAL, WORDS_ACTION, WORDS_BYLINE, WORDS_SHOP, WORDS_GROUPS };

struct cues {
	uint8_t n[WORDS_GROUPS];
};

/* Once in the process, before cues_count(); html_init() does it. */
void words_init(void);
/* Count those of s: UTF-8; ASCII letters compare without case. */
/* Once in the process, before cues_count(); html_init() does it. */
void words_init(void);
void cues_count(struct str s, struct cues *c);

#endif

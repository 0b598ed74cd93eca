/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_TREEBANK_IMPL_H
#define BASE_TEXT_TREEBANK_IMPL_H

/* Inside of base/text/treebank*.c: what the passes over a part of a sentence
 * (treebank.c), the way without them (treebank_chunks.c) and the making of
 * tokens (treebank_words.c) share. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/punkt.h"
#include "base/text/utf8.h"

struct err;

/* A token of n bytes, copied; none if there are none.  ERR_NOMEM. */
int treebank_add(struct treebank *t, const char *p, size_t n, struct err *e);
/*
 * What spaces part, contractions (can|not) apart; spaced: a space, no other
 * white space, before.
 */
int treebank_add_word(struct treebank *t, const char *p, const char *end,
    bool spaced, struct err *e);
/* Letters and digits of ASCII, and by its beginning no contraction? */
bool treebank_is_plain(const char *p, const char *end);

/* A part of a sentence that white space ends, by all rules. */
int treebank_part_fully(
    struct treebank *t, struct str s, bool goes_on, struct err *e);
/* A sentence: the same, chunk by chunk. */
int treebank_part_sentence(struct treebank *t, struct str s, struct err *e);
/* The full stop that ends the sentence, closing marks behind it; or NULL. */
const char *treebank_final_stop(const char *start, const char *end);
/* Bytes of the mark at p that is a token, 0 of none. */
size_t treebank_mark(const char *p, const char *end);
/* Bytes of the closing mark beyond ASCII at p, or 0. */
size_t treebank_closing(const char *p, const char *end);

/* These before apostrophes are looked at, those after. */
#define EARLY \
	['.'] = true, [','] = true, [':'] = true, [';'] = true, ['@'] = true, \
	['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['?'] = true, \
	['!'] = true
#define LATE \
	['*'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true, \
	['{'] = true, ['}'] = true, ['<'] = true, ['>'] = true, ['-'] = true
#define LATE_QUOTES ['"'] = true, ['\''] = true, [0xc2] = true, [0xe2] = true

static inline bool
treebank_space(const char *p, const char *end, size_t *len)
{
	*len = 1;
	if ((unsigned char)*p > ' ' && (unsigned char)*p < 0x80)
		return false;
	return text_is_space(utf8_get(p, end, len));
}

/* Lower case, as Python's expressions compare: only what lowers to ASCII. */
static inline char
treebank_fold(const char *p, const char *end, size_t *len)
{
	uint32_t cp = utf8_get(p, end, len);

	if (cp >= 'A' && cp <= 'Z')
		return (char)(cp | 0x20);
	switch (cp) {
	case 0x130: /* I with a dot */
	case 0x131: /* i without one */
		return 'i';
	case 0x17f: /* long s */
		return 's';
	case 0x212a: /* the kelvin sign */
		return 'k';
	}
	return cp < 0x80 ? (char)cp : 0;
}

static inline bool
treebank_word(const char *p, const char *end)
{
	size_t len;

	return p < end && english_class(utf8_get(p, end, &len)) & ENG_WORD;
}

#endif

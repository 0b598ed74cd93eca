/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_ENGLISH_H
#define BASE_TEXT_ENGLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What spaCy 3.8 (blank "en") and datatrove 0.10 know of characters and of
 * English, as facts: english.def, which english.py makes.  Thread-safe.
 */
enum english_class {
	ENG_PREFIX = 1,       /* a token at the start of a chunk */
	ENG_SUFFIX = 2,       /* ... at its end */
	ENG_BEFORE_STOP = 4,  /* a full stop behind it is a token */
	ENG_ALPHA = 8,        /* a letter to the tokenizer's rules */
	ENG_LOWER = 16,       /* ... lower case or without case */
	ENG_UPPER = 32,       /* ... upper case or without case */
	ENG_QUOTE = 64,       /* quotation marks */
	ENG_ICON = 128,       /* dingbats, pictures */
	ENG_CURRENCY = 256,   /* signs of currencies */
	ENG_WORD = 512,       /* \w of Python's re */
	ENG_DIGIT = 1024,     /* \d of Python's re */
	ENG_PUNCT = 2048,     /* Unicode category P */
	ENG_LETTER = 4096,    /* Unicode category L */
	ENG_MARK = 8192,      /* PUNCTUATION_SET of datatrove */
	ENG_END = 16384,      /* TERMINAL_PUNCTUATION of datatrove */
	ENG_SENTENCE = 32768, /* punct_chars of spaCy's sentencizer */
};

extern const uint16_t english_masks[];
extern const uint8_t english_first[], english_second[];

/* The classes of a code point, or-ed. */
static inline unsigned
english_class(uint32_t cp)
{
	return english_masks[english_second[english_first[cp >> 7] * 128u +
					    (cp & 127)]];
}

/*
 * An exception: a text that is one token or parts differently than the rules
 * have it.  Cuts are the bytes of each part, then 0; NULL: one part.
 */
struct english_exception {
	const char *p;
	uint8_t n;
	const uint8_t *cuts;
	const uint8_t *split; /* as the rules would part it */
	bool apart;           /* is there such a split? */
};

/* False if s is no exception. */
bool english_find(struct str s, struct english_exception *x);
/*
 * Can a token that begins so be the first, a later, the only one of a split,
 * the one behind a token that begins with a letter of ASCII?
 */
enum { ENG_FIRST = 1, ENG_LATER = 2, ENG_ONLY = 4, ENG_BEHIND = 8 };
extern const uint8_t english_starting[];
static inline unsigned
english_starts(char c)
{
	return english_starting[(unsigned char)c];
}
/* Bytes of the unit, currency or plus sign behind the number that s ends in. */
size_t english_unit(struct str s);
/* Bytes of the currency of several letters (US$) that s begins with. */
size_t english_money(struct str s);
/* Does the whole of s look like the address of a page or a mailbox? */
bool english_is_url(struct str s);

#endif

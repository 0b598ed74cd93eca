/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_UNI_H
#define BASE_TEXT_UNI_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a code point is, by Unicode 15 (libutf8proc).  Any uint32_t may be
 * asked about; what is no code point belongs to no class.
 */
enum uni_class {
	UNI_LETTER = 1,  /* \p{L} */
	UNI_NUMBER = 2,  /* \p{N} */
	UNI_MARK = 4,    /* \p{M} */
	UNI_PUNCT = 8,   /* \p{P} */
	UNI_SYMBOL = 16, /* \p{S} */
	UNI_SPACE = 32,  /* White_Space, as \s has it */
	UNI_DIGIT = 64,  /* \p{Nd} */
};

/* The classes of cp, or-ed. */
unsigned uni_class(uint32_t cp);
/* Simple lower case (one code point to one). */
uint32_t uni_lower(uint32_t cp);

/* Is it in UNI_SPACE? */
static inline bool
uni_is_space(uint32_t cp)
{
	if (cp < 0x1680)
		return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 ||
		       cp == 0xa0;
	return cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

/* A word character as \w has it: letter, number or underscore. */
static inline bool
uni_is_word(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
		       (cp >= '0' && cp <= '9') || cp == '_';
	return uni_class(cp) & (UNI_LETTER | UNI_NUMBER);
}

#endif

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

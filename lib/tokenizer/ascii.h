/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_ASCII_H
#define TOKENIZER_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#	include <emmintrin.h>
#endif

/*
 * Rows of ASCII letters, sixteen bytes a step where the processor's least
 * (x86-64) has that.  The same result either way.
 */

static inline bool
ascii_is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* Behind the bytes from p on that lie, with `fold` or-ed in, in 'a' .. 'z'. */
static inline const uint8_t *
ascii_run(const uint8_t *p, const uint8_t *end, uint8_t fold)
{
#ifdef __SSE2__
	/* Signed compares: 'a' .. 'z' become the 26 lowest numbers. */
	const __m128i or = _mm_set1_epi8((char)fold);
	const __m128i shift = _mm_set1_epi8((char)(128 - 'a'));
	const __m128i limit = _mm_set1_epi8(-128 + 26);
	unsigned others;
	__m128i v;

	for (; end - p >= 16; p += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)p);
		v = _mm_add_epi8(_mm_or_si128(v, or), shift);
		others = (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(v, limit)) ^
			 0xffffu;
		if (others)
			return p + __builtin_ctz(others);
	}
#endif
	while (p < end && (uint8_t)((*p | fold) - 'a') < 26)
		p++;
	return p;
}

/* A to Z and a to z. */
static inline const uint8_t *
ascii_letters(const uint8_t *p, const uint8_t *end)
{
	return ascii_run(p, end, 0x20);
}

/* a to z. */
static inline const uint8_t *
ascii_small(const uint8_t *p, const uint8_t *end)
{
	return ascii_run(p, end, 0);
}

#endif

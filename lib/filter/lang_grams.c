/* SPDX-License-Identifier: MIT */
#include "base/simd.h"
#include "filter/lang_scan.h"

/*
 * Hashes of n-grams: a product a code point.  Products spread upwards, so that
 * the first bits of the last one depend on all of them.
 * Source: Knuth, The Art of Computer Programming 3, section 6.4.
 */
#define GRAM_START 0x4f6cdd1du
#define GRAM_STEP 0x9e3779b1u

typedef uint32_t lanes __attribute__((vector_size(4 * LANG_LANES), aligned(4)));

static inline lanes *
lanes_at(uint32_t *v)
{
	return (lanes *)v;
}

/* The whole word, told from an n-gram of the same letters. */
static uint32_t
hash_word(const struct lang_word *w)
{
	uint32_t h = ~GRAM_START;
	unsigned i;

	for (i = 0; i < w->n; i++)
		h = (h ^ w->cp[i]) * GRAM_STEP;
	return h;
}

/*
 * The n-grams that begin at a place grow together, a code point at a time. What
 * is hashed beyond the word's end lies where longer n-grams of earlier places
 * belong, which come later.
 */
SIMD unsigned
lang_word_rows(
    const struct lang_word *w, struct lang_grams g, uint32_t rows[LANG_ROWS])
{
	unsigned k, n = 0, shift = LANG_HASH - g.bits;
	unsigned at = (w->n - 1) / LANG_LANES * LANG_LANES + LANG_LANES;

	do {
		lanes h = (lanes){ 0 } + GRAM_START;

		at -= LANG_LANES;
		for (n = k = 0; k < g.max && k < w->n; k++) {
			h = (h ^ *(const lanes *)(w->cp + at + k)) * GRAM_STEP;
			if (k + 1 < g.min)
				continue;
			if (k < w->n - at)
				*lanes_at(rows + n + at) = h >> shift;
			n += w->n - k;
		}
	} while (at);
	if (w->n > g.max)
		rows[n++] = hash_word(w) >> shift;
	return n;
}

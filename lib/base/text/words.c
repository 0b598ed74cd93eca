/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "base/text/words.h"

/* Bit c is set for the word characters of ASCII: 0-9 A-Z _ a-z. */
static const uint64_t ascii_word[2] = { 0x03ff000000000000u,
	0x07fffffe87fffffeu };

/* Is there a word character at p < end?  *len gets its bytes either way. */
static inline bool
word_at(const char *p, const char *end, size_t *len)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80) {
		*len = 1;
		return ascii_word[c >> 6] >> (c & 63) & 1;
	}
	return uni_is_word(utf8_get(p, end, len));
}

int
plain_words_init(
    struct plain_words *w, struct str text, struct buf *low, struct err *e)
{
	buf_clear(low);
	if (text_lower(text, low, e) < 0)
		return -1;
	w->p = low->p;
	w->end = low->p + low->n;
	return 0;
}

bool
plain_words_next(struct plain_words *w, struct str *word)
{
	const char *p = w->p, *end = w->end, *start;
	size_t len = 0;

	while (p < end && !word_at(p, end, &len))
		p += len;
	start = p;
	while (p < end && word_at(p, end, &len))
		p += len;
	w->p = p;
	*word = (struct str){ start, (size_t)(p - start) };
	return p > start;
}

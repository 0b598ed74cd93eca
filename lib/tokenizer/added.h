/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_ADDED_H
#define TOKENIZER_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "tokenizer/bpe.h"

struct err;

/*
 * Added tokens found in text, leftmost first, of those that begin at one place
 * the longest, as the tokenizers library finds them: what single_word refuses
 * is skipped over, lstrip and rstrip take the white space beside.  The tokens
 * that are not "normalized" are looked for first, in the whole text, then the
 * others in what is left.  White space that one token took is gone for the
 * next; there that library panics or encodes it twice.
 */
struct added_entry {
	struct str content;
	const struct bpe_added *token;
};

/* Entries sorted by content: narrowed down byte by byte. */
struct added_set {
	struct added_entry *v;
	size_t n;
	bool first[256];     /* bytes that an entry begins with */
	struct buf contents; /* of "normalized" ones: normalised */
	const uint8_t *classes;
};

struct added_match {
	size_t from, to; /* bytes of the text, white space included */
	uint32_t id;
};

/*
 * The added tokens of b for which want(ctx, token) is true and whose
 * normalized is as given.
 */
int added_init(struct added_set *s, const struct bpe *b, bool normalized,
    bool (*want)(void *ctx, const struct bpe_added *a), void *ctx,
    struct err *e);
void added_free(struct added_set *s);
/* The next match at or behind `from`; false if there is none. */
bool added_find(const struct added_set *s, struct str text, size_t from,
    struct added_match *m);

#endif

/* SPDX-License-Identifier: MIT */
/* Tokens, and words that part in two. */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/treebank_impl.h"
#include "base/text/words.h"

int
treebank_add(struct treebank *t, const char *p, size_t n, struct err *e)
{
	size_t cap = tokens_more(t->cap);
	struct str *more;

	if (!n)
		return 0;
	if (t->n == t->cap) {
		more = realloc(t->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "tokens");
		t->v = more;
		t->cap = cap;
	}
	memcpy(t->made + t->at, p, n);
	t->v[t->n++] = (struct str){ t->made + t->at, n };
	t->at += n;
	return 0;
}

/* Bytes that match, whatever their case; 0 if they don't. */
static size_t
matches(const char *p, const char *end, const char *word)
{
	const char *at = p;
	size_t len;

	for (; *word; word++, at += len)
		if (at >= end || treebank_fold(at, end, &len) != *word)
			return 0;
	return (size_t)(at - p);
}

/* Words that part in two: bytes of both at p; *first gets the first's. */
static size_t
contraction_at(const char *p, const char *end, size_t *first)
{
	static const char *const both[][2] = { { "can", "not" }, { "d", "'ye" },
		{ "gim", "me" }, { "gon", "na" }, { "got", "ta" },
		{ "lem", "me" }, { "more", "'n" }, { "wan", "na" } };
	size_t i, n;

	for (i = 0; i < sizeof(both) / sizeof(*both); i++) {
		*first = matches(p, end, both[i][0]);
		n = *first ? matches(p + *first, end, both[i][1]) : 0;
		/* wanna: white space must follow. */
		if (n &&
		    (*both[i][0] == 'w' ? p + *first + n == end
					: !treebank_word(p + *first + n, end)))
			return *first + n;
	}
	return 0;
}

/* Bytes of such a word ('tis) at p, or 0. */
static size_t
whole_at(const char *p, const char *end, const char *word)
{
	size_t n = matches(p, end, word);

	return n && !treebank_word(p + n, end) ? n : 0;
}

/*
 * A piece that spaces part, 't|is and 't|was apart; spaced: a space, no other
 * white space, before.
 */
static int
add_piece(struct treebank *t, const char *p, const char *end, bool spaced,
    struct err *e)
{
	static const char *const words[] = { "'tis", "'twas" };
	size_t i, n;

	for (i = 0; spaced && i < 2; i++) {
		n = whole_at(p, end, words[i]);
		if (!n)
			continue;
		if (treebank_add(t, p, 2, e) < 0 ||
		    treebank_add(t, p + 2, n - 2, e) < 0)
			return e->code;
		p += n;
	}
	return treebank_add(t, p, (size_t)(end - p), e);
}

/* Has it none of the letters that contractions begin with, nor an apostrophe?
 */
static bool
is_whole(const char *p, const char *end)
{
	static const bool firsts[256] = { ['c'] = true,
		['d'] = true,
		['g'] = true,
		['l'] = true,
		['m'] = true,
		['w'] = true,
		['C'] = true,
		['D'] = true,
		['G'] = true,
		['L'] = true,
		['M'] = true,
		['W'] = true,
		['\''] = true };

	while (p < end && !firsts[(unsigned char)*p])
		p++;
	return p == end;
}

int
treebank_add_word(struct treebank *t, const char *p, const char *end,
    bool spaced, struct err *e)
{
	const char *at = p;
	bool inside = false, word;
	size_t len, n, first;

	if (is_whole(p, end))
		return treebank_add(t, p, (size_t)(end - p), e);
	while (at < end) {
		word = english_class(utf8_get(at, end, &len)) & ENG_WORD;
		n = word && !inside ? contraction_at(at, end, &first) : 0;
		inside = word;
		if (!n) {
			at += len;
			continue;
		}
		if (add_piece(t, p, at, spaced, e) < 0 ||
		    treebank_add(t, at, first, e) < 0 ||
		    add_piece(t, at + first, at + n, true, e) < 0)
			return e->code;
		p = at += n;
		spaced = true;
		/* What was the end of a word: the next may begin one. */
		inside = false;
	}
	return add_piece(t, p, end, spaced, e);
}

bool
treebank_is_plain(const char *p, const char *end)
{
	const char *q = p;

	if (end - p >= 5)
		switch (((unsigned char)p[0] | 0x20) << 8 |
			((unsigned char)p[1] | 0x20)) {
		case 'c' << 8 | 'a':
		case 'g' << 8 | 'i':
		case 'g' << 8 | 'o':
		case 'l' << 8 | 'e':
		case 'w' << 8 | 'a':
			return false;
		}
	while (q < end && (((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z') ||
			      (*q >= '0' && *q <= '9')))
		q++;
	return q == end || end - p == 1;
}

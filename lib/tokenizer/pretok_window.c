/* SPDX-License-Identifier: MIT */
/*
 * Known patterns as arithmetic on bit masks.  Each pattern's rules stand in the
 * order of its alternatives; pretok_kinds.c has the same character by
 * character, tests/unit/tokenizer_pretok.c compares both with PCRE2.
 */
#include "pretok_window.h"

#include <stdbool.h>

/* The classes that patterns ask for; bits of the window only. */
struct view {
	uint64_t letter, upper, digit, white, eol, space, quote, slash;
	uint64_t other; /* neither letter, digit nor white */
};

static inline struct view
look(const struct bytemask *m, unsigned size)
{
	uint64_t all = size < 64 ? ((uint64_t)1 << size) - 1 : UINT64_MAX;
	struct view v = { m->letter & all, m->upper & all, m->digit & all,
		m->white & all, m->eol & all, m->space & all, m->quote & all,
		m->slash & all, 0 };

	v.other = all & ~(v.letter | v.digit | v.white);
	return v;
}

static inline unsigned
lowest(uint64_t x)
{
	return (unsigned)__builtin_ctzll(x);
}

/* x is not 0. */
static inline unsigned
highest(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

/* The first of each row of bits. */
static inline uint64_t
firsts(uint64_t x)
{
	return x & ~(x << 1);
}

/* The bits of x's rows from the bits of `from` on, one in a row. */
static inline uint64_t
rows_from(uint64_t x, uint64_t from)
{
	return (x ^ (x + from)) & x;
}

/*
 * How white space ends, and where the next piece begins, shows behind it: of a
 * row of white space at the window's end only the beginning is certain.
 */
static inline uint64_t
certain(uint64_t starts, uint64_t white, unsigned size)
{
	uint64_t not_white = ~white & (UINT64_MAX >> (64 - size));
	unsigned first;

	if (white >> (size - 1) & 1) {
		first = not_white ? highest(not_white) + 1 : 0;
		starts &= ((uint64_t)2 << first) - 1;
	}
	return starts & ~(uint64_t)1;
}

/*
 * Bytes behind the apostrophe at p that make one of 's 't 're 've 'm 'll 'd; n
 * are known (those behind matter to no start within the window).
 */
static inline unsigned
contraction_len(const uint8_t *p, unsigned n, uint8_t fold)
{
	uint8_t a = n > 1 ? p[1] | fold : 0, b = n > 2 ? p[2] | fold : 0;

	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return 1;
	if ((a == 'r' || a == 'v') && b == 'e')
		return 2;
	return a == 'l' && b == 'l' ? 2 : 0;
}

/* ---- gpt2 ---- */

uint64_t
window_gpt2(const struct bytemask *m, const uint8_t *p, unsigned size)
{
	struct view v = look(m, size);
	uint64_t spaced = v.space << 1, starts, quotes;
	unsigned at, len;

	starts =
	    (firsts(v.letter) | firsts(v.digit) | firsts(v.other)) & ~spaced;
	starts |= firsts(v.white) | (v.white & ~(v.white >> 1));
	quotes = starts & v.quote & v.letter >> 1;
	for (; quotes; quotes &= quotes - 1) {
		at = lowest(quotes);
		len = contraction_len(p + at, size - at, 0);
		if (!len)
			continue;
		/* One piece: no letter begins it, and the next is behind. */
		starts &= ~((uint64_t)2 << at);
		if (at + len < 63)
			starts |= (uint64_t)2 << (at + len);
	}
	/* Whether a letter at the end is a contraction's shows behind it. */
	if (size > 1)
		starts &= ~((v.quote >> (size - 2) & 1) << (size - 1));
	return certain(starts, v.white, size);
}

/* ---- cl100k and its kin ---- */

/* Digits in groups of so many, from the beginning of their row. */
static inline uint64_t
groups(uint64_t digit, unsigned most)
{
	uint64_t starts = firsts(digit), full = digit & digit << 1, next;

	if (most == 1)
		return digit;
	full &= full << 1;
	if (most == 3)
		full &= full << 1;
	for (next = starts; full && next; starts |= next)
		next = next << most & full;
	return starts;
}

/*
 * \s*[\r\n]+|\s+(?!\S)|\s+ : a row is a piece up to its last newline, and what
 * is left without its last character, which may belong to what follows.
 */
static inline uint64_t
white_starts(uint64_t white, uint64_t eol)
{
	uint64_t starts = firsts(white), blank = white & ~eol, tail, bad;

	starts |= blank & ~(white >> 1);
	/* Blanks behind a newline begin a piece if no newline follows. */
	tail = blank & eol << 1;
	bad = (blank + tail) & ~blank & eol & white;
	for (; tail && bad; bad &= bad - 1)
		tail &= ~((uint64_t)1 << highest(tail & ((bad & -bad) - 1)));
	return starts | tail;
}

/*
 * Contractions: letters behind the apostrophe are no start, what is behind them
 * is one.
 */
static inline uint64_t
contraction_ends(const uint8_t *p, unsigned size, uint64_t quotes)
{
	uint64_t ends = 0;
	unsigned at, len;

	for (; quotes; quotes &= quotes - 1) {
		at = lowest(quotes);
		len = contraction_len(p + at, size - at, 0x20);
		if (len && at + len < 63)
			ends |= (uint64_t)2 << (at + len);
	}
	return ends;
}

static inline __attribute__((always_inline)) uint64_t
window_cl(
    const struct bytemask *m, const uint8_t *p, unsigned size, unsigned most)
{
	struct view v = look(m, size);
	uint64_t lone, eaten = 0, starts, behind = v.eol & v.other << 1;

	/* [^\s\p{L}\p{N}]+[\r\n]* has the newlines behind it. */
	if (behind)
		eaten = rows_from(v.eol, behind);
	starts = firsts(v.other) & ~(v.space << 1);
	/* One that begins a piece, and a letter follows: it's a word's first,
	 * or a contraction's apostrophe. */
	lone = starts & v.letter >> 1;
	starts |= firsts(v.letter) & ~(((v.white & ~v.eol) | lone) << 1);
	starts |= contraction_ends(p, size, lone & v.quote);
	starts |= groups(v.digit, most);
	starts |= white_starts(v.white & ~eaten, v.eol);
	return certain(starts, v.white & ~eaten, size);
}

uint64_t
window_cl100k(const struct bytemask *m, const uint8_t *p, unsigned size)
{
	return window_cl(m, p, size, 3);
}

uint64_t
window_nanochat(const struct bytemask *m, const uint8_t *p, unsigned size)
{
	return window_cl(m, p, size, 2);
}

uint64_t
window_qwen2(const struct bytemask *m, const uint8_t *p, unsigned size)
{
	return window_cl(m, p, size, 1);
}

/* ---- o200k ---- */

/* [\r\n/]* behind a newline that is behind other characters. */
static inline uint64_t
eaten_rows(const struct view *v)
{
	uint64_t behind = v->eol & v->other << 1, any = v->eol | v->slash;
	uint64_t eaten = 0, row;

	for (; behind; behind &= ~row) {
		row = rows_from(any, behind & -behind);
		eaten |= row;
	}
	return eaten;
}

/*
 * An apostrophe behind a word is a start or not as the two bytes behind it
 * have it: without them nothing is certain from there on.
 */
static inline uint64_t
before_open_quote(uint64_t starts, uint64_t quotes, unsigned size)
{
	uint64_t open = size < 2 ? quotes : quotes >> (size - 2) << (size - 2);

	return open ? starts & ((open & -open) - 1) : starts;
}

/*
 * Contractions behind a word belong to it; one behind a contraction is a word
 * with an apostrophe before it.
 */
static inline uint64_t
join_contractions(
    const uint8_t *p, unsigned size, uint64_t quotes, uint64_t starts)
{
	unsigned at, len, last = 0;

	for (; quotes; quotes &= quotes - 1) {
		at = lowest(quotes);
		len = contraction_len(p + at, size - at, 0x20);
		if (!len || (last && at == last))
			continue;
		starts &= ~((((uint64_t)2 << len) - 1) << at);
		last = at + len + 1;
		if (last < 64)
			starts |= (uint64_t)1 << last;
	}
	return starts;
}

uint64_t
window_o200k(const struct bytemask *m, const uint8_t *p, unsigned size)
{
	struct view v = look(m, size);
	uint64_t eaten = eaten_rows(&v), other = v.other & ~eaten;
	uint64_t white = v.white & ~eaten, lower = v.letter & ~v.upper;
	uint64_t lone, starts, quotes, words = v.letter << 1;

	starts = firsts(other) & ~(v.space << 1);
	lone = starts & v.letter >> 1;
	starts |= firsts(v.letter) & ~(((v.white & ~v.eol) | lone) << 1);
	starts |= v.upper & lower << 1;
	quotes = lone & v.quote & words;
	if (quotes)
		starts = join_contractions(p, size, quotes, starts);
	starts |= groups(v.digit, 3);
	starts |= white_starts(white, v.eol);
	starts = before_open_quote(starts, v.quote & words, size);
	return certain(starts, white, size);
}

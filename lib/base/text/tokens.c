/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/tokens_phrases.h"
#include "base/text/utf8.h"
#include "base/text/words.h"

#define ELLIPSIS "\xe2\x80\xa6"

static inline bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline unsigned
class_at(const char *p, const char *end, size_t *len)
{
	return english_class(utf8_get(p, end, len));
}

/* The class of the character that ends at p; 0 at the start. */
static unsigned
class_before(const char *start, const char *p, size_t *len)
{
	const char *at = p;

	*len = 0;
	if (p == start)
		return 0;
	do
		at--;
	while (at > start && ((unsigned char)*at & 0xc0) == 0x80);
	return class_at(at, p, len);
}

static unsigned
class_behind(const char *p, const char *end)
{
	size_t len;

	return p < end ? class_at(p, end, &len) : 0;
}

static size_t
dots(const char *p, const char *end)
{
	const char *at = p;

	while (at < end && *at == '.')
		at++;
	return (size_t)(at - p);
}

/* Bytes of the token that opens [p, end), or 0. */
static size_t
prefix_at(const char *p, const char *end)
{
	size_t len, n;

	if (*p == '.')
		return (n = dots(p, end)) > 1 ? n : 0;
	if (*p == '+') /* a sign belongs to its number */
		return p + 1 == end || !is_digit((unsigned char)p[1]);
	if (class_at(p, end, &len) & ENG_PREFIX)
		return len;
	return memchr(p, '$', end - p < 4 ? (size_t)(end - p) : 4)
		   ? english_money((struct str){ p, (size_t)(end - p) })
		   : 0;
}

/* Bytes of 's (with either apostrophe) that ends at `end`, or 0. */
static size_t
possessive_before(const char *start, const char *end)
{
	ptrdiff_t n = end - start;

	if (n < 2 || (end[-1] | 0x20) != 's')
		return 0;
	if (end[-2] == '\'')
		return 2;
	return n >= 4 && memcmp(end - 4, "\xe2\x80\x99", 3) == 0 ? 4 : 0;
}

/* Is the full stop at `stop` a token behind what stands before it? */
static bool
stop_parts(const char *start, const char *stop)
{
	size_t len, before;
	unsigned c = class_before(start, stop, &len);

	if (c & ENG_BEFORE_STOP)
		return true;
	if (!len)
		return false;
	if (c & ENG_UPPER &&
	    class_before(start, stop - len, &before) & ENG_UPPER)
		return true;
	return stop - start >= 3 && memchr("FfCcKk", stop[-1], 6) &&
	       memcmp(stop - 3, "\xc2\xb0", 2) == 0;
}

/* Bytes of the token that closes [start, end), or 0. */
static size_t
suffix_before(const char *start, const char *end, bool digits)
{
	size_t len, n, unit;
	unsigned c;

	if (start == end)
		return 0;
	if (end[-1] == '.') {
		for (n = 0; end - n > start && end[-1 - (ptrdiff_t)n] == '.';)
			n++;
		return n > 1 || stop_parts(start, end - 1) ? n : 0;
	}
	c = class_before(start, end, &len);
	n = c & ENG_SUFFIX ? len : possessive_before(start, end);
	if (end - start >= 6 && memcmp(end - 6, ELLIPSIS ELLIPSIS, 6) == 0)
		n = 6;
	if (!digits)
		return n;
	unit = english_unit((struct str){ start, (size_t)(end - start) });
	return unit > n ? unit : n;
}

/* Bytes of a hyphen between before and a letter: the first that fits. */
static size_t
hyphen_at(const char *p, const char *end)
{
	size_t n, most = *p == '-' ? 3 : 1, one = *p == '\xe2' ? 3 : 1;

	if (*p == '\xe2' && p[2] == '\x94')
		most = 2;
	for (n = 1; n <= most && (size_t)(end - p) > n * one; n++) {
		if (memcmp(p + (n - 1) * one, p, one) != 0)
			break;
		if (class_behind(p + n * one, end) & ENG_ALPHA)
			return n * one;
	}
	return 0;
}

/* Bytes of the token at p of cp that parts what is around it, or 0. */
static size_t
infix_at(
    const char *start, const char *p, size_t n, uint32_t cp, const char *end)
{
	unsigned before, behind;
	size_t len;

	if (cp == '.' && (len = dots(p, end)) > 1)
		return len;
	before = class_before(start, p, &len);
	if (p > start && is_digit((unsigned char)p[-1])) {
		before |= ENG_ALPHA << 16;
		if (n == 1 && memchr("+-*^", (int)cp, 4) && p + 1 < end &&
		    (is_digit((unsigned char)p[1]) || p[1] == '-'))
			return 1;
	} else {
		before |= (before & ENG_ALPHA) << 16;
	}
	behind = class_behind(p + n, end);
	if (cp == '.')
		return before & (ENG_LOWER | ENG_QUOTE) &&
		       behind & (ENG_UPPER | ENG_QUOTE);
	if (cp == ',')
		return before & ENG_ALPHA && behind & ENG_ALPHA;
	if (!(before & ENG_ALPHA << 16))
		return 0;
	if (cp == '-' || cp == '~' || cp == 0x2013 || cp == 0x2014)
		return hyphen_at(p, end);
	return n == 1 && memchr(":<>=/", (int)cp, 5) && behind & ENG_ALPHA;
}

/* Can the character be an infix, or its start? */
static bool
parts_within(uint32_t cp)
{
	static const bool within[128] = { ['.'] = true,
		['+'] = true,
		['-'] = true,
		['*'] = true,
		['^'] = true,
		[','] = true,
		['~'] = true,
		[':'] = true,
		['<'] = true,
		['>'] = true,
		['='] = true,
		['/'] = true };

	if (cp < 0x80)
		return within[cp];
	return cp == 0x2013 || cp == 0x2014 || cp == 0x2026;
}

static void
push(struct tokens *t, const char *p, size_t n)
{
	if (t->n == t->cap && !tokens_grow(t))
		return;
	t->v[t->n++] = (struct str){ p, n };
}

static void
push_cuts(struct tokens *t, const char *p, const struct english_exception *x)
{
	const uint8_t *cut = x->cuts;

	if (!cut)
		push(t, p, x->n);
	for (; cut && *cut; p += *cut++)
		push(t, p, *cut);
}

static void
push_infixes(struct tokens *t, const char *start, const char *end)
{
	const char *p = start, *from = start;
	size_t len, n;
	uint32_t cp;

	while (p < end) {
		cp = utf8_get(p, end, &len);
		n = 0;
		if (cp == 0x2026 ||
		    (cp >= 0x80 && english_class(cp) & ENG_ICON))
			n = len;
		else if (parts_within(cp))
			n = infix_at(start, p, len, cp, end);
		if (n && p > start) {
			if (p > from)
				push(t, from, (size_t)(p - from));
			push(t, p, n);
			from = p + n;
		}
		p += n ? n : len;
	}
	if (from < end)
		push(t, from, (size_t)(end - from));
}

/* What is left of a chunk without its affixes. */
static void
push_core(struct tokens *t, const char *p, const char *end)
{
	struct str core = { p, (size_t)(end - p) };
	struct english_exception x;

	if (english_find(core, &x))
		push_cuts(t, p, &x);
	else if (english_is_url(core))
		push(t, p, core.n);
	else
		push_infixes(t, p, end);
}

static void
push_suffix(struct tokens *t, size_t n)
{
	size_t *more;

	if (t->nsuffix == t->suffix_cap) {
		more = realloc(
		    t->suffixes, (2 * t->suffix_cap + 64) * sizeof(*more));
		if (!more) {
			t->failed = true;
			return;
		}
		t->suffixes = more;
		t->suffix_cap = 2 * t->suffix_cap + 64;
	}
	t->suffixes[t->nsuffix++] = n;
}

static bool
is_exception(const char *p, const char *end)
{
	struct english_exception x;

	return english_find((struct str){ p, (size_t)(end - p) }, &x);
}

/* Take affixes off until an exception or nothing to take is left. */
static void
split_chunk(struct tokens *t, const char *p, const char *end, bool digits)
{
	size_t prefix, suffix;

	t->nsuffix = 0;
	while (p < end && !is_exception(p, end)) {
		prefix = prefix_at(p, end);
		if (prefix && is_exception(p + prefix, end)) {
			push(t, p, prefix);
			p += prefix;
			break;
		}
		suffix = suffix_before(p + prefix, end, digits);
		if (suffix && is_exception(p, end - suffix)) {
			push_suffix(t, suffix);
			end -= suffix;
			break;
		}
		if (!prefix && !suffix)
			break;
		if (prefix)
			push(t, p, prefix);
		if (suffix)
			push_suffix(t, suffix);
		p += prefix;
		end -= suffix;
	}
	if (p < end)
		push_core(t, p, end);
	for (; t->nsuffix; end += suffix) {
		suffix = t->suffixes[--t->nsuffix];
		push(t, end, suffix);
	}
}

/* What a chunk's bytes have in them; of ASCII, SPACE parts chunks. */
enum { LETTERS = 0, DIGITS = 1, OTHERS = 2, SPACE = 4 };

#define L LETTERS
#define D DIGITS
#define O OTHERS
#define S SPACE
static const uint8_t kinds[128] = {
	O, O, O, O, O, O, O, O, O, S, S, S, S, S, O, O, /* 00 */
	O, O, O, O, O, O, O, O, O, O, O, O, S, S, S, S, /* 10 */
	S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 20 */
	D, D, D, D, D, D, D, D, D, D, O, O, O, O, O, O, /* 30 */
	O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 40 */
	L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O, /* 50 */
	O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 60 */
	L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O, /* 70 */
};
#undef L
#undef D
#undef O
#undef S

static inline unsigned
kind_of(char c)
{
	return (unsigned char)c < 0x80 ? kinds[(unsigned char)c] : OTHERS;
}

static const char *
chunk_end(const char *p, const char *end, unsigned *what)
{
	size_t len;
	unsigned kind;

	for (*what = 0; p < end; p += len) {
		kind = kind_of(*p);
		len = 1;
		if (kind == SPACE || ((unsigned char)*p >= 0x80 &&
					 text_is_space(utf8_get(p, end, &len))))
			break;
		*what |= kind;
	}
	return p;
}

static void
push_word(struct tokens *t, const char *p, const char *end)
{
	struct str word = { p, (size_t)(end - p) };
	struct english_exception x;

	if (english_find(word, &x))
		push_cuts(t, p, &x);
	else
		push(t, p, word.n);
}

/*
 * Letters and a mark behind them, the most frequent of what isn't letters
 * only: what split_chunk() would do.  False if it is something else.
 */
static bool
push_marked(struct tokens *t, const char *p, const char *end)
{
	const char *mark = end - 1, *q;
	unsigned class = english_class((unsigned char)*mark);
	struct english_exception x;

	if ((unsigned char)*mark >= 0x80 || end - p < 2)
		return false;
	for (q = p; q < mark; q++)
		if (kind_of(*q) != LETTERS)
			return false;
	if (*mark == '.' ? !stop_parts(p, mark) : !(class & ENG_SUFFIX))
		return false;
	if (english_find((struct str){ p, (size_t)(end - p) }, &x)) {
		push_cuts(t, p, &x);
		return true;
	}
	push_word(t, p, mark);
	push(t, mark, 1);
	return true;
}

int
tokens_split(struct tokens *t, struct str text, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *stop;
	unsigned what;
	size_t len;

	t->n = 0;
	t->failed = false;
	while (p < end && !t->failed) {
		if (*p == ' ' || text_is_space(utf8_get(p, end, &len))) {
			p += *p == ' ' ? 1 : len;
			continue;
		}
		stop = chunk_end(p, end, &what);
		if (what == LETTERS)
			push_word(t, p, stop);
		else if (what != OTHERS || !push_marked(t, p, stop))
			split_chunk(t, p, stop, what & DIGITS);
		p = stop;
	}
	if (!t->failed)
		tokens_join_phrases(t);
	return t->failed ? err_nomem(e, "a text") : 0;
}

bool
tokens_grow(struct tokens *t)
{
	size_t cap = tokens_more(t->cap);
	struct str *more = realloc(t->v, cap * sizeof(*more));

	if (!more) {
		t->failed = true;
		return false;
	}
	t->v = more;
	t->cap = cap;
	return true;
}

void
tokens_free(struct tokens *t)
{
	free(t->v);
	free(t->suffixes);
	tokens_phrases_free(t);
	*t = (struct tokens){ 0 };
}

/* Is there a token of white space between from and to? */
static bool
space_token(const char *from, const char *to)
{
	return to - from > 1 || (to > from && *from != ' ');
}

void
sentences_add(struct sentences *s, struct str token)
{
	const char *p = token.p, *end = p + token.n;
	unsigned all = ENG_PUNCT, class;
	size_t len;
	bool mark;

	class = class_at(p, end, &len);
	mark = len == token.n && class & ENG_SENTENCE;
	for (; p < end && all; p += len)
		all &= class_at(p, end, &len);
	if (s->n == 0) {
		s->n = 1;
	} else if (s->armed && space_token(s->end, token.p)) {
		s->n++;
		s->armed = false;
	} else if (s->armed && !mark && !all) {
		s->n++;
		s->armed = false;
	}
	s->armed |= mark;
	s->end = end;
}

uint64_t
sentences_with_space(const struct sentences *s, const char *end)
{
	if (s->n == 0)
		return 1;
	return s->n + (s->armed && space_token(s->end, end));
}

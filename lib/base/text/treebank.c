/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/punkt.h"
#include "base/text/utf8.h"

/*
 * A sentence goes through passes, from one work buffer to the other, that put
 * spaces around what shall be a token; at the end spaces part it.  No pass
 * makes more than three bytes of one.
 */
enum { MOST = 5 };

struct pass {
	const char *p, *end; /* left to read */
	char *out;
	bool goes_on; /* the sentence does, behind this part of it */
};

static void
put(struct pass *s, const char *p, size_t n)
{
	memcpy(s->out, p, n);
	s->out += n;
}

static inline bool
space_at(const char *p, const char *end, size_t *len)
{
	*len = 1;
	if ((unsigned char)*p > ' ' && (unsigned char)*p < 0x80)
		return false;
	return text_is_space(utf8_get(p, end, len));
}

/* A token of its own. */
static void
put_apart(struct pass *s, const char *p, size_t n)
{
	*s->out++ = ' ';
	put(s, p, n);
	*s->out++ = ' ';
}

/* Copy up to a byte of stops; false if there is none. */
static bool
copy_to(struct pass *s, const bool *stops)
{
	const char *p = s->p;

	while (p < s->end && !stops[(unsigned char)*p])
		p++;
	put(s, s->p, (size_t)(p - s->p));
	s->p = p;
	return p < s->end;
}

static bool
starts_with(const char *p, const char *end, const char *s, size_t n)
{
	return (size_t)(end - p) >= n && memcmp(p, s, n) == 0;
}
#define AT(p, end, s) starts_with(p, end, s, sizeof(s) - 1)

/* Backticks, and marks that open: bytes at p, or 0. */
static size_t
opening_at(const char *p, const char *end)
{
	if (AT(p, end, "\xc2\xab"))
		return 2;
	return AT(p, end, "\xe2\x80\x9c") || AT(p, end, "\xe2\x80\x98") ||
		       AT(p, end, "\xe2\x80\x9e")
		   ? 3
		   : 0;
}

static size_t
closing_at(const char *p, const char *end)
{
	if (AT(p, end, "\xc2\xbb"))
		return 2;
	return AT(p, end, "\xe2\x80\x9d") || AT(p, end, "\xe2\x80\x99") ? 3 : 0;
}

static size_t
run_of(char c, const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == c)
		q++;
	return (size_t)(q - p);
}

/* Backticks two by two, apart from what is around the run. */
static void
put_backticks(struct pass *s)
{
	size_t n = run_of('`', s->p, s->end), i;

	*s->out++ = ' ';
	for (i = 0; i + 2 <= n; i += 2)
		put(s, "`` ", 3);
	if (n % 2)
		put(s, "` ", 2);
	s->p += n;
}

/* Quotation marks that open. */
static void
open_quotes(struct pass *s)
{
	static const bool stops[256] = { ['`'] = true,
		[0xc2] = true,
		[0xe2] = true,
		['"'] = true,
		['\''] = true };
	const char *start = s->p, *taken = NULL;
	char before;
	size_t n;

	if (s->p < s->end && *s->p == '"') {
		put(s, " `` ", 4);
		s->p++;
	}
	while (copy_to(s, stops)) {
		if (*s->p == '`') {
			put_backticks(s);
			continue;
		}
		n = opening_at(s->p, s->end);
		if (n) {
			put_apart(s, s->p, n);
			s->p += n;
			continue;
		}
		n = *s->p == '"' ? 1 : AT(s->p, s->end, "''") ? 2 : 0;
		/* Behind one that opens there is a space of ours. */
		before = s->p > start && s->p != taken ? s->out[-1] : 0;
		if (n && before && memchr(" ([{<", before, 5)) {
			put(s, " `` ", 4);
			taken = s->p += n;
		} else {
			*s->out++ = *s->p++;
		}
	}
}

/* Lower case, as Python's expressions compare: only what lowers to ASCII. */
static char
fold(const char *p, const char *end, size_t *len)
{
	uint32_t cp = utf8_get(p, end, len);

	if (cp >= 'A' && cp <= 'Z')
		return (char)(cp | 0x20);
	switch (cp) {
	case 0x130: /* I with a dot */
	case 0x131: /* i without one */
		return 'i';
	case 0x17f: /* long s */
		return 's';
	case 0x212a: /* the kelvin sign */
		return 'k';
	}
	return cp < 0x80 ? (char)cp : 0;
}

static bool
word_at(const char *p, const char *end)
{
	size_t len;

	return p < end && english_class(utf8_get(p, end, &len)) & ENG_WORD;
}

/* 'x: the apostrophe apart, unless it is that of I'm, can't, it's, I'd. */
static void
part_single_letters(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	size_t len;
	char c;

	while (copy_to(s, stops)) {
		*s->out++ = *s->p++;
		if (!word_at(s->p, s->end))
			continue;
		c = fold(s->p, s->end, &len);
		if (!word_at(s->p + len, s->end) &&
		    !(c && memchr("mtsdn", c, 5)))
			*s->out++ = ' ';
	}
}

/* The full stop that ends the sentence, closing marks behind it; or NULL. */
static const char *
final_stop(const char *start, const char *end)
{
	const char *p =
	    text_rstrip((struct str){ start, (size_t)(end - start) }).p;
	size_t n = text_rstrip((struct str){ start, (size_t)(end - start) }).n;

	for (p += n; p > start; p--) {
		if (memchr("])}>\"' ", p[-1], 7))
			continue;
		if (p - start >= 3 &&
		    (memcmp(p - 3, "\xe2\x80\x9d", 3) == 0 ||
			memcmp(p - 3, "\xe2\x80\x99", 3) == 0))
			p -= 2;
		else if (p - start >= 2 && memcmp(p - 2, "\xc2\xbb", 2) == 0)
			p -= 1;
		else
			break;
	}
	return p - start >= 2 && p[-1] == '.' && p[-2] != '.' ? p - 1 : NULL;
}

/* A comma or colon apart, unless a digit follows; *next gets what follows. */
static void
part_comma(struct pass *s, const char **next)
{
	const char *p = s->p + 1;
	size_t len;

	*next = NULL;
	if (p == s->end) {
		put_apart(s, s->p, 1);
	} else if (english_class(utf8_get(p, s->end, &len)) & ENG_DIGIT) {
		*s->out++ = *s->p;
	} else {
		put_apart(s, s->p, 1);
		*next = p;
	}
	s->p++;
}

/* Bytes of the mark at p that is a token, 0 of none. */
static size_t
mark_at(const char *p, const char *end)
{
	size_t n;

	switch (*p) {
	case '.':
		n = run_of('.', p, end);
		return n > 1 ? n : 0;
	case '-':
		return AT(p, end, "--") ? 2 : 0;
	case '\'':
		return AT(p, end, "''") ? 2 : 0;
	case '\xc2':
	case '\xe2':
		return closing_at(p, end);
	}
	return 1;
}

/* These before apostrophes are looked at, those after. */
#define EARLY \
	['.'] = true, [','] = true, [':'] = true, [';'] = true, ['@'] = true, \
	['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['?'] = true, \
	['!'] = true
#define LATE \
	['*'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true, \
	['{'] = true, ['}'] = true, ['<'] = true, ['>'] = true, ['-'] = true
#define LATE_QUOTES ['"'] = true, ['\''] = true, [0xc2] = true, [0xe2] = true

static void
part_marks(struct pass *s, const bool *stops)
{
	const char *stop =
	    stops['.'] && !s->goes_on ? final_stop(s->p, s->end) : NULL;
	const char *taken = NULL, *last = s->end - 1;
	size_t n;

	while (copy_to(s, stops)) {
		if (*s->p == ',' || *s->p == ':') {
			/* One taken with the mark before is no mark itself,
			 * but for the last of all. */
			if (s->p != taken || s->p == last)
				part_comma(s, &taken);
			else
				*s->out++ = *s->p++;
			continue;
		}
		n = s->p == stop ? 1 : mark_at(s->p, s->end);
		if (!n) {
			*s->out++ = *s->p++;
			continue;
		}
		if (*s->p == '"')
			put_apart(s, "''", 2);
		else
			put_apart(s, s->p, n);
		s->p += n;
	}
}

static void
part_early_marks(struct pass *s)
{
	static const bool stops[256] = { EARLY };

	part_marks(s, stops);
}

/* The last pass of them puts spaces around the sentence. */
static void
part_late_marks(struct pass *s)
{
	static const bool stops[256] = { LATE, LATE_QUOTES };

	*s->out++ = ' ';
	part_marks(s, stops);
	*s->out++ = ' ';
}

static void
part_all_marks(struct pass *s)
{
	static const bool stops[256] = { EARLY, LATE, LATE_QUOTES };

	*s->out++ = ' ';
	part_marks(s, stops);
	*s->out++ = ' ';
}

/* Apostrophes at the end of words. */
static void
part_ends(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p;

	while (copy_to(s, stops)) {
		if (s->p > start && s->p[-1] != '\'' && AT(s->p, s->end, "' "))
			*s->out++ = ' ';
		*s->out++ = *s->p++;
	}
}

/* The end of 's 'm 'd or of an apostrophe at p, if a space follows; or NULL. */
static const char *
clitic_end(const char *p, const char *end)
{
	if (end - p >= 3 && memchr("sSmMdD", p[1], 6) && p[2] == ' ')
		return p + 2;
	return end - p >= 2 && p[1] == ' ' ? p + 1 : NULL;
}

static bool
is_clitic(const char *p, const char *end)
{
	return AT(p, end, "'ll ") || AT(p, end, "'LL ") || AT(p, end, "'re ") ||
	       AT(p, end, "'RE ") || AT(p, end, "'ve ") || AT(p, end, "'VE ");
}

/* 's, 'm, 'd apart, and apostrophes at the end of words. */
static void
part_possessives(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p;

	while (copy_to(s, stops)) {
		if (s->p > start && s->p[-1] != '\'' && s->p[-1] != ' ' &&
		    clitic_end(s->p, s->end))
			*s->out++ = ' ';
		*s->out++ = *s->p++;
	}
}

/* 'll, 're, 've and n't apart. */
static void
part_clitics(struct pass *s)
{
	static const bool stops[256] = { ['\''] = true };
	const char *start = s->p, *p;

	while (copy_to(s, stops)) {
		p = s->p;
		if (p > start && p[-1] != '\'' && p[-1] != ' ' &&
		    is_clitic(p, s->end)) {
			*s->out++ = ' ';
		} else if (p - start >= 2 && p[-2] != '\'' && p[-2] != ' ' &&
			   ((p[-1] == 'n' && AT(p, s->end, "'t ")) ||
			       (p[-1] == 'N' && AT(p, s->end, "'T ")))) {
			s->out[-1] = ' ';
			*s->out++ = p[-1];
		}
		*s->out++ = *s->p++;
	}
}

static int
add_token(struct treebank *t, const char *p, size_t n, struct err *e)
{
	size_t cap = t->cap ? 2 * t->cap : 1024;
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
		if (at >= end || fold(at, end, &len) != *word)
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
		if (n && (*both[i][0] == 'w' ? p + *first + n == end
					     : !word_at(p + *first + n, end)))
			return *first + n;
	}
	return 0;
}

/* Bytes of such a word ('tis) at p, or 0. */
static size_t
whole_at(const char *p, const char *end, const char *word)
{
	size_t n = matches(p, end, word);

	return n && !word_at(p + n, end) ? n : 0;
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
		if (add_token(t, p, 2, e) < 0 ||
		    add_token(t, p + 2, n - 2, e) < 0)
			return e->code;
		p += n;
	}
	return add_token(t, p, (size_t)(end - p), e);
}

static int
add_word(struct treebank *t, const char *p, const char *end, bool spaced,
    struct err *e)
{
	const char *at = p;
	bool inside = false, word;
	size_t len, n, first;

	while (at < end) {
		word = english_class(utf8_get(at, end, &len)) & ENG_WORD;
		n = word && !inside ? contraction_at(at, end, &first) : 0;
		inside = word;
		if (!n) {
			at += len;
			continue;
		}
		if (add_piece(t, p, at, spaced, e) < 0 ||
		    add_token(t, at, first, e) < 0 ||
		    add_piece(t, at + first, at + n, true, e) < 0)
			return e->code;
		p = at += n;
		spaced = true;
		/* What was the end of a word: the next may begin one. */
		inside = false;
	}
	return add_piece(t, p, end, spaced, e);
}

/* Letters and digits of ASCII, and by its beginning no contraction? */
static bool
is_plain(const char *p, const char *end)
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

/* What white space parts. */
static int
part_spaces(struct treebank *t, const char *p, const char *end, struct err *e)
{
	const char *from;
	size_t len;

	while (p < end) {
		if (text_is_space(utf8_get(p, end, &len))) {
			p += len;
			continue;
		}
		for (from = p; p < end; p += len)
			if (text_is_space(utf8_get(p, end, &len)))
				break;
		if (is_plain(from, p)
			? add_token(t, from, (size_t)(p - from), e) < 0
			: add_word(t, from, p, from[-1] == ' ', e) < 0)
			return e->code;
	}
	return 0;
}

/* One pass over a part of a sentence: from its text to the other buffer. */
static struct str
run_pass(void (*pass)(struct pass *), struct str s, bool goes_on, char **work)
{
	char *to = s.p == work[0] ? work[1] : work[0];
	struct pass x = { s.p, s.p + s.n, to, goes_on };

	pass(&x);
	return (struct str){ to, (size_t)(x.out - to) };
}

/* A part of a sentence that white space ends, by all rules. */
static int
part_fully(struct treebank *t, struct str s, bool goes_on, struct err *e)
{
	bool apostrophes = memchr(s.p, '\'', s.n);

	s = run_pass(open_quotes, s, goes_on, t->work);
	if (apostrophes)
		s = run_pass(part_single_letters, s, goes_on, t->work);
	if (!apostrophes) {
		s = run_pass(part_all_marks, s, goes_on, t->work);
	} else {
		s = run_pass(part_early_marks, s, goes_on, t->work);
		s = run_pass(part_ends, s, goes_on, t->work);
		s = run_pass(part_late_marks, s, goes_on, t->work);
		s = run_pass(part_possessives, s, goes_on, t->work);
		s = run_pass(part_clitics, s, goes_on, t->work);
	}
	return part_spaces(t, s.p, s.p + s.n, e);
}

/* What a chunk's bytes ask for: nothing, marks parted, all rules. */
enum { PLAIN = 0, MARKS = 1, QUOTES = 2 };

static const char *
chunk_end(const char *p, const char *end, unsigned *what)
{
	static const uint8_t kinds[256] = { EARLY,
		LATE, ['\''] = QUOTES, ['"'] = QUOTES, ['`'] = QUOTES,
		[0xc2] = QUOTES, [0xe2] = QUOTES };
	size_t len;

	for (*what = PLAIN; p < end; p += len) {
		len = 1;
		if (space_at(p, end, &len))
			break;
		*what |= kinds[(unsigned char)*p];
	}
	return p;
}

static int
add_plain(struct treebank *t, const char *p, const char *end, struct err *e)
{
	if (p == end)
		return 0;
	return is_plain(p, end) ? add_token(t, p, (size_t)(end - p), e)
				: add_word(t, p, end, false, e);
}

/* A chunk without quotation marks: part_all_marks() of it. */
static int
part_chunk(struct treebank *t, const char *p, const char *to, const char *end,
    const char *stop, struct err *e)
{
	static const bool stops[256] = { EARLY, LATE };
	const char *from = p, *taken = NULL;
	size_t len, n;

	for (; p < to; p += n ? n : 1) {
		n = 0;
		if (!stops[(unsigned char)*p])
			continue;
		if (*p == ',' || *p == ':') {
			if (p == taken && p != end - 1)
				continue;
			n = p + 1 == end ||
			    !(english_class(utf8_get(p + 1, end, &len)) &
				ENG_DIGIT);
			taken = n ? p + 1 : NULL;
		} else {
			n = p == stop ? 1 : mark_at(p, end);
		}
		if (!n)
			continue;
		if (add_plain(t, from, p, e) < 0 || add_token(t, p, n, e) < 0)
			return e->code;
		from = p + n;
	}
	return add_plain(t, from, to, e);
}

/* Bytes of the white space or closing mark that ends before p > start, or 0. */
static size_t
closed_before(const char *start, const char *p)
{
	const char *q = p - 1;
	size_t len;

	while (q > start && ((unsigned char)*q & 0xc0) == 0x80)
		q--;
	return space_at(q, p, &len) || memchr("])}>\"'", *q, 6) ||
		       closing_at(q, p)
		   ? (size_t)(p - q)
		   : 0;
}

/*
 * Where the chunk begins that a final full stop would stand in: the last with
 * more than closing marks in it.
 */
static const char *
last_chunk(struct str s)
{
	const char *p = s.p + s.n, *q;
	size_t n;

	while (p > s.p && (n = closed_before(s.p, p)))
		p -= n;
	for (; p > s.p; p = q) {
		for (q = p - 1; q > s.p && ((unsigned char)*q & 0xc0) == 0x80;)
			q--;
		if (space_at(q, p, &n))
			break;
	}
	return p;
}

/* The chunks up to `to` of a sentence that ends at end; before: its gap. */
static int
part_chunks(struct treebank *t, const char *p, const char *to, const char *end,
    const char *stop, const char **before, struct err *e)
{
	const char *q, *from;
	unsigned what;
	size_t len;
	int rc;

	for (; p < to; p = q) {
		if (space_at(p, end, &len)) {
			*before = p;
			q = p + len;
			continue;
		}
		q = chunk_end(p, to, &what);
		if (what & QUOTES) {
			from = *before ? *before : p;
			space_at(q, end, &len);
			rc = part_fully(t,
			    (struct str){ from, (size_t)(q + len - from) },
			    true, e);
		} else {
			rc = what ? part_chunk(t, p, q, end, stop, e)
				  : add_plain(t, p, q, e);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool
has_quotes(const char *p, const char *end)
{
	unsigned what, all = 0;
	size_t len;

	for (; p < end; p += len) {
		p = chunk_end(p, end, &what);
		all |= what;
		len = 0;
		if (p < end)
			space_at(p, end, &len);
	}
	return all & QUOTES;
}

/*
 * Rules look no further than the white space around a chunk, but for the full
 * stop at the end: chunk by chunk then, and most have no need of all rules.
 */
static int
part_sentence(struct treebank *t, struct str s, struct err *e)
{
	const char *end = s.p + s.n, *last = last_chunk(s), *before = NULL;

	if (part_chunks(t, s.p, last, end, NULL, &before, e) < 0)
		return e->code;
	if (!has_quotes(last, end))
		return part_chunks(
		    t, last, end, end, final_stop(s.p, end), &before, e);
	if (!before)
		before = last;
	return part_fully(
	    t, (struct str){ before, (size_t)(end - before) }, false, e);
}

static int
make_room_of(char **p, size_t *room, size_t n, struct err *e)
{
	char *more;

	if (n <= *room)
		return 0;
	more = realloc(*p, n);
	if (!more)
		return err_nomem(e, "tokens");
	*p = more;
	*room = n;
	return 0;
}

/* Room for the tokens of n bytes (" makes two of one) and each sentence. */
static int
make_work(struct treebank *t, size_t n, struct err *e)
{
	size_t i, longest = 0;

	for (i = 0; i < t->sentences.n; i++)
		if (t->sentences.v[i].n > longest)
			longest = t->sentences.v[i].n;
	longest = MOST * longest + 16;
	for (i = 0; i < 2; i++)
		if (make_room_of(&t->work[i], &t->room[i], longest, e) < 0)
			return e->code;
	return make_room_of(&t->made, &t->made_room, 2 * n, e);
}

int
treebank_split(struct treebank *t, struct str text, struct err *e)
{
	size_t i;

	t->n = t->at = 0;
	if (punkt_split(&t->sentences, text, e) < 0 ||
	    make_work(t, text.n, e) < 0)
		return e->code;
	for (i = 0; i < t->sentences.n; i++)
		if (part_sentence(t, t->sentences.v[i], e) < 0)
			return e->code;
	return 0;
}

void
treebank_free(struct treebank *t)
{
	punkt_free(&t->sentences);
	free(t->v);
	free(t->made);
	free(t->work[0]);
	free(t->work[1]);
	*t = (struct treebank){ 0 };
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/c4.h"
#include "filter/spaces.h"

/* Has a word over `most` characters?  They are no more than bytes. */
static bool
has_long_word(struct str line, uint64_t most)
{
	const char *p = line.p, *end = p + line.n;
	uint64_t n = 0;
	size_t len;

	if (line.n <= most)
		return false;
	for (; p < end && n <= most; p += len)
		n = space_at(p, end, &len) ? 0 : n + 1;
	return n > most;
}

/* Bytes of the citation at p, or 0. */
static size_t
citation_at(const char *p, const char *end)
{
	static const struct str fixed[] = { { "[edit]", 6 },
		{ "[citation needed]", 17 } };
	struct str rest = { p, (size_t)(end - p) };
	const char *at = p + 1;
	size_t i, len = 0;

	for (i = 0; i < 2; i++)
		if (str_starts(rest, fixed[i]))
			return fixed[i].n;
	while (at < end && english_class(utf8_get(at, end, &len)) & ENG_DIGIT)
		at += len;
	return at < end && *at == ']' ? (size_t)(at + 1 - p) : 0;
}

/*
 * The line without its citations, perhaps in out, which has room.  Each bracket
 * is looked at once: digits that no ] ends hold no bracket.
 */
static struct str
drop_citations(struct str line, struct buf *out)
{
	const char *p = line.p, *end = p + line.n, *open;
	size_t n, start = out->n;

	if (!line.n || !memchr(p, '[', line.n))
		return line;
	for (; p < end; p = open + (n ? n : 1)) {
		open = memchr(p, '[', (size_t)(end - p));
		if (!open)
			open = end;
		buf_put(out, p, (size_t)(open - p));
		if (open == end)
			break;
		n = citation_at(open, end);
		if (!n)
			buf_putc(out, '[');
	}
	return (struct str){ out->p + start, out->n - start };
}

/* Bytes of the character at p if its lower case is c, else 0. */
static size_t
lowers_to(const char *p, const char *end, char c)
{
	if (*p == c || (*p >= 'A' && *p <= 'Z' && (*p | 0x20) == c))
		return 1;
	/* U+212A, the kelvin sign */
	return c == 'k' && end - p >= 3 && memcmp(p, "\xe2\x84\xaa", 3) == 0
		   ? 3
		   : 0;
}

static bool
phrase_at(const char *p, const char *end, const char *phrase)
{
	size_t n;

	for (; *phrase; phrase++, p += n)
		if (p >= end || !(n = lowers_to(p, end, *phrase)))
			return false;
	return true;
}

enum { LOREM = 1, SCRIPT = 2, POLICY = 4 };

static bool
phrase_around(struct str line, const char *p, ptrdiff_t at, const char *phrase)
{
	return p - line.p >= at && phrase_at(p - at, line.p + line.n, phrase);
}

/*
 * The phrase that has two of its letters, rare behind each other, at p; what is
 * before them is a byte each.
 */
static unsigned
phrase_with(struct str line, const char *p)
{
	switch (*p | 0x20) {
	case 'p':
		return phrase_around(line, p, 7, "lorem ipsum") ? LOREM : 0;
	case 'm':
		return phrase_around(line, p, 3, "terms of use") ? POLICY : 0;
	case 'a':
		return phrase_around(line, p, 1, "javascript") ? SCRIPT : 0;
	case 'v':
		return phrase_around(line, p, 3, "privacy policy") ? POLICY : 0;
	}
	return phrase_around(line, p, 2, "cookie policy") ||
		       phrase_around(line, p, 7, "uses cookies") ||
		       phrase_around(line, p, 9, "use of cookies") ||
		       phrase_around(line, p, 6, "use cookies")
		   ? POLICY
		   : 0;
}

/* Where those letters are: ps, ms, av, va, ok or o and the kelvin sign. */
static inline bytes
rare_pairs(bytes a, bytes b)
{
	bytes kelvin = b;

	a |= 0x20;
	b |= 0x20;
	return (bytes)(((b == 's') & ((a == 'p') | (a == 'm'))) |
		       ((a == 'a') & (b == 'v')) | ((a == 'v') & (b == 'a')) |
		       ((a == 'o') & ((b == 'k') | (kelvin == 0xe2))));
}

/* Which phrases stand in the line? */
static unsigned
find_phrases(struct str line)
{
	const char *p = line.p, *end = p + line.n;
	unsigned char rest[2 * BYTES] = { 0 };
	unsigned found = 0;
	uint32_t mask;
	bytes hit;

	for (; p < end; p += BYTES) {
		if (end - p > BYTES) {
			hit = rare_pairs(bytes_load(p), bytes_load(p + 1));
		} else {
			memcpy(rest, p, (size_t)(end - p));
			memset(rest + (end - p), 0,
			    sizeof(rest) - (size_t)(end - p));
			hit =
			    rare_pairs(bytes_load(rest), bytes_load(rest + 1));
		}
		for (mask = bytes_mask(hit); mask; mask &= mask - 1)
			found |= phrase_with(line, p + __builtin_ctz(mask));
	}
	return found;
}

static bool
ends_well(struct str line)
{
	return line.n && memchr(".?!\"'", line.p[line.n - 1], 5) &&
	       !str_ends(line, (struct str){ "...", 3 });
}

static void
reject(struct c4_result *r, const char *reason, double value, double threshold)
{
	r->reason = reason;
	r->value = value;
	r->threshold = threshold;
}

/* A line, and what is known of it. */
struct c4_line {
	struct str s; /* without white space around it, and citations */
	unsigned char found;
	bool goes, looked, brace;
};

static struct c4_line *
add_line(struct c4_result *r, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct c4_line *more;

	if (r->n == r->cap) {
		more = realloc(r->lines, cap * sizeof(*more));
		if (!more) {
			err_nomem(e, "a text");
			return NULL;
		}
		r->lines = more;
		r->cap = cap;
	}
	return &r->lines[r->n++];
}

/* The i-th line, NULL behind the last; ERR_NOMEM. */
static int
line_at(const struct c4 *c, size_t i, struct c4_line **l, struct c4_result *r,
    struct err *e)
{
	struct str s;

	*l = NULL;
	if (i < r->n) {
		*l = &r->lines[i];
		return 0;
	}
	if (!text_lines_next(&r->rest, &s))
		return 0;
	if (!(*l = add_line(r, e)))
		return e->code;
	**l = (struct c4_line){ .s = text_strip(s) };
	(*l)->goes = !has_words((*l)->s, c->line_words) ||
		     has_long_word((*l)->s, c->word_max);
	if (!(*l)->goes)
		(*l)->s = drop_citations((*l)->s, &r->edits);
	return 0;
}

/* Does the line stay?  A reason in r ends it all. */
static bool
line_stays(const struct c4 *c, struct c4_line *l, struct c4_result *r)
{
	if (l->goes || (c->end_marks && !ends_well(l->s)))
		return false;
	if (!l->looked) {
		l->found = (unsigned char)find_phrases(l->s);
		l->brace = l->s.n && memchr(l->s.p, '{', l->s.n);
		l->looked = true;
	}
	if (l->found & LOREM)
		reject(r, "lorem_ipsum", 1, 0);
	if (l->found & (LOREM | SCRIPT))
		return false;
	if (l->brace)
		reject(r, "curly_bracket", 1, 0);
	return !r->reason && !(l->found & POLICY);
}

/* What sentences are counted of. */
struct source {
	enum words words;
	struct meter_words left; /* tokens from some line on; or none */
};

static bool
is_in(struct str part, struct str text)
{
	return part.p >= text.p && part.p + part.n <= text.p + text.n;
}

/* The line's tokens, of those that are left. */
static struct meter_words
tokens_of(struct source *s, struct str line)
{
	struct meter_words *left = &s->left, found;

	for (; left->n && left->v->p < line.p; left->n--)
		left->v++;
	found = *left;
	for (; left->n && left->v->p < line.p + line.n; left->n--)
		left->v++;
	found.n -= left->n;
	return found;
}

static int
count_sentences(struct str line, struct str text, struct source *from,
    struct c4_result *r, uint64_t *n, struct err *e)
{
	struct sentences s = { 0 };
	struct meter_words tokens;
	size_t i;

	if (from->words == WORDS_TREEBANK) {
		if (punkt_split(&r->punkt, line, e) < 0)
			return e->code;
		*n += r->punkt.n;
		return 0;
	}
	if (from->left.n && is_in(line, text)) {
		tokens = tokens_of(from, line);
	} else {
		if (tokens_split(&r->tokens, line, e) < 0)
			return e->code;
		tokens = (struct meter_words){ r->tokens.v, r->tokens.n };
	}
	for (i = 0; i < tokens.n; i++)
		sentences_add(&s, tokens.v[i]);
	*n += sentences_with_space(&s, line.p + line.n);
	return 0;
}

static void
restart(struct c4_result *r)
{
	r->n = 0;
	r->rest = (struct text_lines){ r->given };
	buf_clear(&r->edits);
}

int
c4_begin(struct c4_result *r, struct str text, struct err *e)
{
	r->given = text;
	restart(r);
	/* Edits must not move. */
	return buf_room(&r->edits, text.n + 1) ? 0 : err_nomem(e, "a text");
}

/* The lines left, in r->text. */
static int
clean_lines(
    const struct c4 *c, struct source *from, struct c4_result *r, struct err *e)
{
	uint64_t sentences = 0;
	struct c4_line *l;
	bool first = true;
	size_t i;

	for (i = 0;; i++) {
		if (line_at(c, i, &l, r, e) < 0)
			return e->code;
		if (!l)
			break;
		if (!line_stays(c, l, r)) {
			if (r->reason)
				return 0;
			continue;
		}
		if (sentences < c->sentences &&
		    count_sentences(l->s, r->given, from, r, &sentences, e) < 0)
			return e->code;
		if (!first)
			buf_putc(&r->text, '\n');
		buf_str(&r->text, l->s);
		first = false;
	}
	if (sentences < c->sentences)
		reject(r, "few_sentences", (double)sentences, c->sentences);
	return 0;
}

int
c4_clean(const struct c4 *c, enum words words, const struct meter_words *tokens,
    struct c4_result *r, struct err *e)
{
	struct source from = { .words = words };

	if (tokens)
		from.left = *tokens;
	if (c->word_max != r->by.word_max || c->line_words != r->by.line_words)
		restart(r);
	r->by = *c;
	r->reason = NULL;
	buf_clear(&r->text);
	if (clean_lines(c, &from, r, e) < 0)
		return e->code;
	r->left = text_strip(buf_view(&r->text));
	r->changed = !str_eq(r->left, r->given);
	return buf_ok(&r->text, e) < 0 ? e->code : buf_ok(&r->edits, e);
}

void
c4_result_free(struct c4_result *r)
{
	buf_free(&r->text);
	buf_free(&r->edits);
	free(r->lines);
	tokens_free(&r->tokens);
	punkt_free(&r->punkt);
}

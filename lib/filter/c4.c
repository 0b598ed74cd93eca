/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/c4.h"

/* Words between white space, and whether one has over `most` characters. */
static uint64_t
count_words(struct str line, uint64_t most, bool *too_long)
{
	static const bool is_space[256] = { ['\t'] = true,
		['\n'] = true,
		['\v'] = true,
		['\f'] = true,
		['\r'] = true,
		[0x1c] = true,
		[0x1d] = true,
		[0x1e] = true,
		[0x1f] = true,
		[' '] = true };
	const char *p = line.p, *end = p + line.n;
	uint64_t words = 0, n = 0;
	size_t len;

	for (*too_long = false; p < end; p += len) {
		len = 1;
		if (is_space[(unsigned char)*p] ||
		    ((unsigned char)*p >= 0x80 &&
			text_is_space(utf8_get(p, end, &len)))) {
			n = 0;
			continue;
		}
		words += n++ == 0;
		*too_long |= n > most;
	}
	return words;
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
 * The line without its citations.  Each bracket is looked at once: digits that
 * no ] ends hold no bracket.
 */
static struct str
drop_citations(struct str line, struct buf *out)
{
	const char *p = line.p, *end = p + line.n, *open;
	size_t n;

	if (!line.n || !memchr(p, '[', line.n))
		return line;
	buf_clear(out);
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
	return buf_view(out);
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

/* Can one of the phrases below begin at p, by the next two letters? */
static bool
begins_phrase(const char *p, const char *end)
{
	if (end - p < 9)
		return false;
	switch ((p[0] | 0x20) << 8 | (p[1] | 0x20)) {
	case 'l' << 8 | 'o':
	case 'j' << 8 | 'a':
	case 't' << 8 | 'e':
	case 'p' << 8 | 'r':
	case 'c' << 8 | 'o':
	case 'u' << 8 | 's':
		return true;
	}
	return false;
}

enum { LOREM = 1, SCRIPT = 2, POLICY = 4 };

/* Which phrases stand in the line? */
static unsigned
find_phrases(struct str line)
{
	static const struct {
		const char *text;
		unsigned bit;
	} phrases[] = { { "lorem ipsum", LOREM }, { "javascript", SCRIPT },
		{ "terms of use", POLICY }, { "privacy policy", POLICY },
		{ "cookie policy", POLICY }, { "uses cookies", POLICY },
		{ "use of cookies", POLICY }, { "use cookies", POLICY } };
	static const bool begins[256] = { ['l'] = true,
		['j'] = true,
		['t'] = true,
		['p'] = true,
		['c'] = true,
		['u'] = true,
		['L'] = true,
		['J'] = true,
		['T'] = true,
		['P'] = true,
		['C'] = true,
		['U'] = true };
	const char *p = line.p, *end = p + line.n;
	unsigned found = 0;
	size_t i;

	for (; p < end; p++) {
		if (!begins[(unsigned char)*p] || !begins_phrase(p, end))
			continue;
		for (i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
			if (phrase_at(p, end, phrases[i].text))
				found |= phrases[i].bit;
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

/* Does the line stay?  A reason in r ends it all. */
static bool
line_stays(const struct c4 *c, struct str *line, struct c4_result *r)
{
	unsigned found;
	bool too_long;
	uint64_t words;

	*line = text_strip(*line);
	words = count_words(*line, c->word_max, &too_long);
	if (too_long)
		return false;
	*line = drop_citations(*line, &r->line);
	if ((c->end_marks && !ends_well(*line)) || words < c->line_words)
		return false;
	found = find_phrases(*line);
	if (found & LOREM)
		reject(r, "lorem_ipsum", 1, 0);
	if (found & (LOREM | SCRIPT))
		return false;
	if (line->n && memchr(line->p, '{', line->n))
		reject(r, "curly_bracket", 1, 0);
	return !r->reason && !(found & POLICY);
}

static int
count_sentences(struct str line, enum words words, struct c4_result *r,
    uint64_t *n, struct err *e)
{
	struct sentences s = { 0 };
	size_t i;

	if (words == WORDS_TREEBANK) {
		if (punkt_split(&r->punkt, line, e) < 0)
			return e->code;
		*n += r->punkt.n;
		return 0;
	}
	if (tokens_split(&r->tokens, line, e) < 0)
		return e->code;
	for (i = 0; i < r->tokens.n; i++)
		sentences_add(&s, r->tokens.v[i]);
	*n += sentences_with_space(&s, line.p + line.n);
	return 0;
}

int
c4_clean(const struct c4 *c, struct str text, enum words words,
    struct c4_result *r, struct err *e)
{
	struct text_lines it = { text };
	uint64_t sentences = 0;
	struct str line;
	bool first = true;

	r->reason = NULL;
	buf_clear(&r->text);
	while (text_lines_next(&it, &line)) {
		if (!line_stays(c, &line, r)) {
			if (r->reason)
				return 0;
			continue;
		}
		if (sentences < c->sentences &&
		    count_sentences(line, words, r, &sentences, e) < 0)
			return e->code;
		if (!first)
			buf_putc(&r->text, '\n');
		buf_str(&r->text, line);
		first = false;
	}
	if (sentences < c->sentences)
		reject(r, "few_sentences", (double)sentences, c->sentences);
	r->left = text_strip(buf_view(&r->text));
	r->changed = !str_eq(r->left, text);
	return buf_ok(&r->text, e) < 0 ? e->code : buf_ok(&r->line, e);
}

void
c4_result_free(struct c4_result *r)
{
	buf_free(&r->text);
	buf_free(&r->line);
	tokens_free(&r->tokens);
	punkt_free(&r->punkt);
}

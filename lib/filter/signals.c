/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

static const struct {
	const char *name, *about;
} names[SIGNALS] = {
#define SIGNAL(name, what) { #name, what },
#include "filter/signals.def"
#undef SIGNAL
};

const char *
signal_name(enum signal s)
{
	return names[s].name;
}

const char *
signal_about(enum signal s)
{
	return names[s].about;
}

enum signal
signal_find(struct str name)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		if (str_eq(name, str_c(names[i].name)))
			break;
	return (enum signal)i;
}

static const char *const words_names[] = { "english", "treebank", "spaces" };

const char *
words_name(enum words w)
{
	return words_names[w];
}

enum words
words_find(struct str name)
{
	int i;

	for (i = 0; i < WORDS_KINDS; i++)
		if (str_eq(name, str_c(words_names[i])))
			break;
	return (enum words)i;
}

struct meter *
meter_new(void)
{
	struct meter *m = calloc(1, sizeof(*m));
	uint64_t power = 1;
	int i;

	for (i = 0; m && i < METER_POWERS; i++, power *= METER_BASE)
		m->powers[i] = power;
	return m;
}

void
meter_free(struct meter *m)
{
	if (!m)
		return;
	seen_free(&m->seen);
	tokens_free(&m->split);
	treebank_free(&m->treebank);
	free(m->spaced);
	free(m->tokens);
	free(m->ids);
	free(m->joined);
	free(m);
}

/* Room for the text's tokens, joined. */
static int
make_room(struct meter *m, size_t n, struct err *e)
{
	char *more;

	if (n <= m->room)
		return 0;
	more = realloc(m->joined, n);
	if (!more)
		return err_nomem(e, "a text");
	m->joined = more;
	m->room = n;
	return 0;
}

/* Room for as many tokens again, and the end. */
static int
more_tokens(struct meter *m, struct err *e)
{
	uint32_t cap = m->cap ? 2 * m->cap : 1024;
	struct meter_token *tokens;
	uint32_t *ids;

	tokens = realloc(m->tokens, (cap + (size_t)1) * sizeof(*tokens));
	if (!tokens)
		return err_nomem(e, "a text");
	m->tokens = tokens;
	ids = realloc(m->ids, cap * sizeof(*ids));
	if (!ids)
		return err_nomem(e, "a text");
	m->ids = ids;
	m->cap = cap;
	return 0;
}

#define WORD(w) \
	{ \
		w, sizeof(w) - 1 \
	}
static const struct str stop_words[] = { WORD("the"), WORD("be"), WORD("to"),
	WORD("of"), WORD("and"), WORD("that"), WORD("have"), WORD("with") };

/* The bit of a stop word; 0 for another token. */
static unsigned
stop_bit(struct str token)
{
	size_t i;

	if (token.n < 2 || token.n > 4)
		return 0;
	for (i = 0; i < sizeof(stop_words) / sizeof(*stop_words); i++)
		if (str_eq(token, stop_words[i]))
			return 1u << i;
	return 0;
}

/* What a pass over the characters of the tokens counts. */
struct counts {
	uint64_t chars, word_chars, words, alpha, stops, stop_count, symbols,
	    longest;
	struct sentences sentences;
};

/* The marks of datatrove 0.2.0: of those of 0.10, these beyond Latin-1. */
static bool
is_old_mark(uint32_t cp)
{
	static const uint16_t marks[] = { 0xab, 0xb4, 0xbb, 0x2013, 0x2014,
		0x2019, 0x201c, 0x201d, 0x201e, 0x2026, 0x2236, 0x2501, 0x25ba,
		0x3001, 0x3002, 0x3008, 0x3009, 0x300a, 0x300b, 0x300c, 0x300d,
		0x3010, 0x3011, 0xff01, 0xff05, 0xff08, 0xff09, 0xff0c, 0xff0e,
		0xff11, 0xff1a, 0xff1b, 0xff1f, 0xff5e };
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (cp == marks[i])
			return true;
	return cp < 0xa0;
}

/* What there is of a token's length, and its symbols. */
static void
count_length(struct meter *m, struct str token, uint64_t n, struct counts *c)
{
	static const struct str ellipsis = { "\xe2\x80\xa6", 3 };
	const char *p = token.p, *end = p + token.n;
	bool symbol = memchr(p, '#', token.n) != NULL;

	/* Without characters beyond ASCII there is none to look for. */
	for (; n < token.n && !symbol && p < end &&
	       (p = memchr(p, '\xe2', (size_t)(end - p)));
	     p++)
		symbol =
		    str_starts((struct str){ p, (size_t)(end - p) }, ellipsis);
	c->symbols += symbol;
	if (n > c->longest)
		c->longest = n;
	m->lengths[n < METER_LENGTHS ? n : METER_LENGTHS - 1]++;
}

static void
count_token(struct meter *m, struct str token, struct counts *c)
{
	const char *p = token.p, *end = p + token.n;
	unsigned class, alpha = 0, stop;
	unsigned mark = m->words == WORDS_SPACES ? 0 : ENG_MARK;
	uint64_t n = 0;
	uint32_t cp;
	size_t len;
	bool word;

	for (; p < end; p += len, n++) {
		cp = utf8_get(p, end, &len);
		class = english_class(cp);
		alpha |= class & ENG_LETTER;
		mark &= class;
		if (mark && m->words == WORDS_TREEBANK && !is_old_mark(cp))
			mark = 0;
	}
	word = !mark;
	c->chars += n;
	c->words += word;
	c->word_chars += word ? n : 0;
	c->alpha += alpha != 0;
	stop = stop_bit(token);
	c->stops |= stop;
	c->stop_count += stop != 0;
	count_length(m, token, n, c);
	if (m->words == WORDS_ENGLISH)
		sentences_add(&c->sentences, token);
}

/* Append a token to those joined: `at` is the place, returns the new hash. */
static uint64_t
append(struct meter *m, struct str token, uint32_t at, uint64_t hash)
{
	size_t i;

	memcpy(m->joined + at, token.p, token.n);
	for (i = 0; i < token.n; i++)
		hash = hash * METER_BASE + (unsigned char)token.p[i] + 1;
	return hash;
}

static int
more_spaced(struct meter *m, struct err *e)
{
	size_t cap = m->spaced_cap ? 2 * m->spaced_cap : 1024;
	struct str *more = realloc(m->spaced, cap * sizeof(*more));

	if (!more)
		return err_nomem(e, "a text");
	m->spaced = more;
	m->spaced_cap = cap;
	return 0;
}

/* What white space parts, in m->spaced. */
static int
part_at_spaces(struct meter *m, struct str text, size_t *n, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *from;
	size_t len;

	for (*n = 0; p < end;) {
		if (text_is_space(utf8_get(p, end, &len))) {
			p += len;
			continue;
		}
		for (from = p; p < end; p += len)
			if (text_is_space(utf8_get(p, end, &len)))
				break;
		if (*n == m->spaced_cap && more_spaced(m, e) < 0)
			return e->code;
		m->spaced[(*n)++] = (struct str){ from, (size_t)(p - from) };
	}
	return 0;
}

/* Part the text as m->words has it. */
static int
part_text(struct meter *m, struct str text, const struct str **v, size_t *n,
    struct counts *c, struct err *e)
{
	if (m->words == WORDS_TREEBANK) {
		if (treebank_split(&m->treebank, text, e) < 0)
			return e->code;
		*v = m->treebank.v;
		*n = m->treebank.n;
		c->sentences.n = m->treebank.sentences.n;
		return 0;
	}
	if (m->words == WORDS_SPACES) {
		if (part_at_spaces(m, text, n, e) < 0)
			return e->code;
		*v = m->spaced;
		return 0;
	}
	if (tokens_split(&m->split, text, e) < 0)
		return e->code;
	*v = m->split.v;
	*n = m->split.n;
	return 0;
}

/* Split the text into m->tokens, joined without gaps in m->joined. */
static int
split(struct meter *m, struct str text, struct counts *c, struct err *e)
{
	const struct str *v = NULL;
	struct str token;
	uint64_t hash = 0;
	uint32_t at = 0;
	size_t i, n = 0;

	m->ntoken = 0;
	memset(m->lengths, 0, sizeof(m->lengths));
	if (part_text(m, text, &v, &n, c, e) < 0)
		return e->code;
	for (i = 0; i < n; i++) {
		token = v[i];
		if (m->ntoken == m->cap && more_tokens(m, e) < 0)
			return e->code;
		m->tokens[m->ntoken++] =
		    (struct meter_token){ hash, at, (uint32_t)c->chars,
			    m->words != WORDS_TREEBANK
				? (uint32_t)(token.p - text.p)
				: 0 };
		hash = append(m, token, at, hash);
		at += (uint32_t)token.n;
		count_token(m, token, c);
	}
	/* The end, so that differences need no special case. */
	if (!m->cap && more_tokens(m, e) < 0)
		return e->code;
	m->tokens[m->ntoken] = (struct meter_token){ hash, at,
		(uint32_t)c->chars, (uint32_t)text.n };
	return 0;
}

double
meter_ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* Times that "#", "..." and U+2026 stand in the text, none overlapping. */
static void
count_symbols(struct str text, uint64_t *hashes, uint64_t *ellipses)
{
	const char *p = text.p, *end = p + text.n;

	*hashes = *ellipses = 0;
	while (p < end) {
		*hashes += *p == '#';
		if (*p == '.' && end - p >= 3 && p[1] == '.' && p[2] == '.') {
			++*ellipses;
			p += 3;
			continue;
		}
		*ellipses += *p == '\xe2' && end - p >= 3 && p[1] == '\x80' &&
			     p[2] == '\xa6';
		p++;
	}
}

/* The length of the i-th shortest token. */
static uint32_t
length_at(const struct meter *m, uint32_t i)
{
	uint32_t n = 0, seen = m->lengths[0];

	while (seen <= i && n + 1 < METER_LENGTHS)
		seen += m->lengths[++n];
	return n;
}

static double
median_length(const struct meter *m)
{
	uint32_t n = m->ntoken;

	return n ? (length_at(m, (n - 1) / 2) + (double)length_at(m, n / 2)) / 2
		 : 0;
}

static int
measure_tokens(
    struct meter *m, struct str text, struct signals *s, struct err *e)
{
	struct counts c = { 0 };
	uint64_t hashes, ellipses;

	if (split(m, text, &c, e) < 0)
		return e->code;
	count_symbols(text, &hashes, &ellipses);
	s->v[SIG_tokens] = m->ntoken;
	s->v[SIG_words] = (double)c.words;
	s->v[SIG_sentences] = (double)c.sentences.n;
	s->v[SIG_mean_word_length] = meter_ratio(c.word_chars, c.words);
	s->v[SIG_mean_token_length] = meter_ratio(c.chars, m->ntoken);
	s->v[SIG_median_token_length] = median_length(m);
	s->v[SIG_longest_token] = (double)c.longest;
	s->v[SIG_symbol_tokens] = meter_ratio(c.symbols, m->ntoken);
	s->v[SIG_hash_ratio] = meter_ratio(hashes, m->ntoken);
	s->v[SIG_ellipsis_ratio] = meter_ratio(ellipses, m->ntoken);
	s->v[SIG_alpha_words] = meter_ratio(c.alpha, m->ntoken);
	s->v[SIG_stop_words] = __builtin_popcountll(c.stops);
	s->v[SIG_stop_word_count] = (double)c.stop_count;
	return 0;
}

static void
measure_lines(struct str text, struct signals *s)
{
	struct text_lines it = { text };
	uint64_t n = 0, bullets = 0, ellipses = 0;
	struct str line, part;

	for (; text_lines_next(&it, &line); n++) {
		part = text_lstrip(line);
		bullets += str_starts(part, STR("\xe2\x80\xa2")) ||
			   str_starts(part, STR("-"));
		part = text_rstrip(line);
		ellipses += str_ends(part, STR("...")) ||
			    str_ends(part, STR("\xe2\x80\xa6"));
	}
	s->v[SIG_lines] = (double)n;
	s->v[SIG_bullet_lines] = meter_ratio(bullets, n);
	s->v[SIG_ellipsis_lines] = meter_ratio(ellipses, n);
}

int
meter_text(struct meter *m, struct str text, enum words words, bool repetition,
    struct signals *s, struct err *e)
{
	memset(s, 0, sizeof(*s));
	m->words = words;
	/* The Treebank's quotation marks are two bytes. */
	if (text.n >= METER_MAX)
		return err_set(
		    e, ERR_ARG, "a text of over %d bytes", METER_MAX);
	if (make_room(m, words == WORDS_TREEBANK ? 2 * text.n : text.n, e) < 0)
		return e->code;
	meter_chars(text, s);
	measure_lines(text, s);
	if (measure_tokens(m, text, s, e) < 0 ||
	    meter_text_lines(m, text, s, e) < 0)
		return e->code;
	return repetition ? meter_repetition(m, text, s, e) : 0;
}

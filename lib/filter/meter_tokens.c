/* SPDX-License-Identifier: MIT */
/* What is measured of tokens, one by one. */
#include "base/bytes.h"
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

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

/* What the characters of a token are. */
struct look {
	uint32_t n;  /* characters */
	bool letter; /* is one a letter? */
	bool all_marks;
};

static struct look
look_at_any(struct str token, enum words words)
{
	const char *p = token.p, *end = p + token.n;
	struct look x = { 0, false, true };
	unsigned class;
	uint32_t cp;
	size_t len;

	for (; p < end; p += len, x.n++) {
		cp = utf8_get(p, end, &len);
		class = english_class(cp);
		x.letter |= (class & ENG_LETTER) != 0;
		x.all_marks &= class & ENG_MARK &&
			       (words != WORDS_TREEBANK || is_old_mark(cp));
	}
	return x;
}

/* The token's bytes, of which there are no more, and zeros. */
static inline bytes
load(struct str token)
{
	static const unsigned char ones[2 * BYTES] = { 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

	return bytes_load(token.p) & bytes_load(ones + BYTES - token.n);
}

/* Bytes that begin no character. */
static inline uint32_t
tails(bytes v)
{
	return bytes_sum((bytes)((v & 0xc0) == 0x80) & 1);
}

/* Most tokens are short; end: of what may be read. */
static inline struct look
look_at(struct str token, const char *end, enum words words)
{
	struct look x = { (uint32_t)token.n, false, false };
	bytes v, letters, digits;

	if (token.n > BYTES || end - token.p < BYTES)
		return look_at_any(token, words);
	v = load(token);
	letters = (bytes)((v | 0x20) - 'a' < 26);
	digits = (bytes)(v - '0' < 10);
	x.letter = bytes_any(letters);
	if (bytes_any(v & 0x80)) {
		if (!x.letter)
			return look_at_any(token, words);
		x.n -= tails(v);
		return x;
	}
	/* What is neither, of ASCII, is a mark. */
	x.all_marks = !bytes_any(letters | digits);
	return x;
}

/* Where the last token ends. */
static const char *
tokens_end(const struct token_set *t)
{
	return t->n ? t->v[t->n - 1].p + t->v[t->n - 1].n : NULL;
}

/* Characters of a short token. */
static inline uint32_t
chars_in(struct str token, const char *end)
{
	if (token.n > BYTES || end - token.p < BYTES)
		return (uint32_t)utf8_length(token);
	return (uint32_t)token.n - tails(load(token));
}

int
meter_lay_out(struct meter *m, struct token_set *t, struct err *e)
{
	uint32_t i, at = 0, chars = 0;
	const char *end;
	bool ascii;

	if (t->placed)
		return 0;
	/* Of others little more is asked for. */
	if (t->words < WORDS_SPACES)
		return meter_want(m, t, METER_TOKENS, e);
	if (meter_want(m, t, METER_SIZE, e) < 0 || meter_split(m, t, e) < 0)
		return e->code;
	end = tokens_end(t);
	ascii = (uint64_t)m->s.v[SIG_chars] == m->text.n;
	for (i = 0; i < t->n; i++) {
		t->tokens[i] = (struct meter_token){ at, chars };
		at += (uint32_t)t->v[i].n;
		chars += ascii ? (uint32_t)t->v[i].n : chars_in(t->v[i], end);
	}
	t->tokens[i] = (struct meter_token){ at, chars };
	t->placed = true;
	return 0;
}

int
meter_tokens(struct meter *m, struct token_set *t, struct err *e)
{
	uint64_t word_chars = 0, words = 0, alpha = 0;
	uint64_t stop_count = 0, any_case = 0;
	unsigned stops = 0, stop;
	uint32_t i, at = 0, chars = 0;
	const char *end;
	bool all_words, exact;
	struct look x;

	if (meter_split(m, t, e) < 0)
		return e->code;
	/* Without punctuation of their own, all are words. */
	all_words = t->words >= WORDS_SPACES;
	end = tokens_end(t);
	for (i = 0; i < t->n; i++) {
		t->tokens[i] = (struct meter_token){ at, chars };
		x = look_at(t->v[i], end, t->words);
		at += (uint32_t)t->v[i].n;
		chars += x.n;
		alpha += x.letter;
		if (all_words || !x.all_marks) {
			words++;
			word_chars += x.n;
		}
		stop = meter_stop_bit(t->v[i], &exact);
		any_case += stop != 0;
		stop = exact ? stop : 0;
		stops |= stop;
		stop_count += stop != 0;
	}
	t->tokens[i] = (struct meter_token){ at, chars };
	t->placed = true;
	t->no_letter = t->n - (uint32_t)alpha;
	t->s.v[SIG_words] = (double)words;
	t->s.v[SIG_mean_word_length] = meter_ratio(word_chars, words);
	t->s.v[SIG_alpha_words] = meter_ratio(alpha, t->n);
	t->s.v[SIG_stop_words] = __builtin_popcount(stops);
	t->s.v[SIG_stop_word_count] = (double)stop_count;
	t->s.v[SIG_stop_words_any_case] = (double)any_case;
	return 0;
}

int
meter_count(struct meter *m, struct token_set *t, struct err *e)
{
	uint64_t chars;

	if (t->words == WORDS_SPACES) {
		if (meter_want(m, t, METER_SIZE, e) < 0 ||
		    meter_split(m, t, e) < 0)
			return e->code;
		chars = (uint64_t)m->s.v[SIG_chars] - m->spaces;
	} else {
		if (meter_lay_out(m, t, e) < 0)
			return e->code;
		chars = t->tokens[t->n].chars;
	}
	t->s.v[SIG_tokens] = t->n;
	t->s.v[SIG_mean_token_length] = meter_ratio(chars, t->n);
	return 0;
}

int
meter_sentences(struct meter *m, struct token_set *t, struct err *e)
{
	struct sentences s = { 0 };
	uint32_t i;

	if (meter_split(m, t, e) < 0)
		return e->code;
	if (t->words == WORDS_TREEBANK)
		s.n = m->treebank.sentences.n;
	for (i = 0; t->words == WORDS_ENGLISH && i < t->n; i++)
		sentences_add(&s, t->v[i]);
	t->s.v[SIG_sentences] = (double)s.n;
	return 0;
}

static uint32_t
length_of(const struct token_set *t, uint32_t i)
{
	return t->tokens[i + 1].chars - t->tokens[i].chars;
}

/* Tokens of so many characters, the last of as many or more. */
enum { LENGTHS = 1024 };

/* The length of the i-th shortest token. */
static uint32_t
length_at(const uint32_t *lengths, uint32_t i)
{
	uint32_t n = 0, seen = lengths[0];

	while (seen <= i && n + 1 < LENGTHS)
		seen += lengths[++n];
	return n;
}

/* The first # or U+2026 from p on, or end. */
static const char *
next_symbol(const char *p, const char *end)
{
	bytes v, hit;

	for (; p < end; p++) {
		for (; end - p >= BYTES; p += BYTES) {
			v = bytes_load(p);
			hit = (bytes)((v == '#') | (v == 0xe2));
			if (bytes_mask(hit)) {
				p += bytes_first(hit);
				break;
			}
		}
		if (p == end)
			break;
		if (*p == '#' ||
		    (end - p >= 3 && memcmp(p, "\xe2\x80\xa6", 3) == 0))
			break;
	}
	return p;
}

/* Tokens with a symbol in them, of a text that has some. */
static uint64_t
count_symbol_tokens(const struct token_set *t)
{
	const char *at = NULL, *end;
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		end = t->v[i].p + t->v[i].n;
		/* Tokens come in order. */
		if (at && at >= end)
			continue;
		at = next_symbol(t->v[i].p, tokens_end(t));
		n += at < end;
	}
	return n;
}

static uint64_t
count_at(const char *p, const char *stop, char c)
{
	uint64_t n = 0;

	for (; p < stop; p++)
		n += *p == c;
	return n;
}

static uint64_t
count_char(struct str s, char c)
{
	const char *p = s.p, *end = p + s.n;
	uint64_t n = 0;

	for (; end - p >= BYTES; p += BYTES)
		n += bytes_sum((bytes)(bytes_load(p) == (unsigned char)c) & 1);
	return n + count_at(p, end, c);
}

void
meter_count_symbols(struct meter *m)
{
	const char *p = m->text.p, *end = p + m->text.n, *at;

	if (m->symbols)
		return;
	m->hashes = count_char(m->text, '#');
	m->ellipses = 0;
	for (at = bytes_pair(p, end, '.', '.', 0); at < end;
	     at = bytes_pair(at, end, '.', '.', 0))
		if (end - at >= 3 && at[2] == '.') {
			m->ellipses++;
			at += 3;
		} else {
			at++;
		}
	for (at = bytes_pair(p, end, 0xe2, 0x80, 0); at < end;
	     at = bytes_pair(at + 1, end, 0xe2, 0x80, 0))
		m->ellipses += end - at >= 3 && at[2] == '\xa6';
	m->symbols = true;
}

int
meter_lengths(struct meter *m, struct token_set *t, struct err *e)
{
	uint32_t lengths[LENGTHS] = { 0 }, i, len, longest = 0;
	uint64_t symbols = 0;

	if (meter_lay_out(m, t, e) < 0)
		return e->code;
	meter_count_symbols(m);
	if (m->hashes || m->ellipses)
		symbols = count_symbol_tokens(t);
	for (i = 0; i < t->n; i++) {
		len = length_of(t, i);
		lengths[len < LENGTHS ? len : LENGTHS - 1]++;
		if (len > longest)
			longest = len;
	}
	if (t->n)
		t->s.v[SIG_median_token_length] =
		    (length_at(lengths, (t->n - 1) / 2) +
			(double)length_at(lengths, t->n / 2)) /
		    2;
	t->s.v[SIG_longest_token] = longest;
	t->s.v[SIG_symbol_tokens] = meter_ratio(symbols, t->n);
	return 0;
}

int
meter_symbols(struct meter *m, struct token_set *t, struct err *e)
{
	if (meter_split(m, t, e) < 0)
		return e->code;
	meter_count_symbols(m);
	t->s.v[SIG_hash_ratio] = meter_ratio(m->hashes, t->n);
	t->s.v[SIG_ellipsis_ratio] = meter_ratio(m->ellipses, t->n);
	return 0;
}

int
meter_newlines(struct meter *m, struct token_set *t, struct err *e)
{
	if (meter_want(m, t, METER_SIZE, e) < 0 || meter_split(m, t, e) < 0)
		return e->code;
	t->s.v[SIG_newlines_per_token] = meter_ratio(m->newlines, t->n);
	return 0;
}

int
meter_row_chars(struct meter *m, struct token_set *t, struct err *e)
{
	if (meter_want(m, t, METER_ROWS, e) < 0 || meter_lay_out(m, t, e) < 0)
		return e->code;
	t->s.v[SIG_repeated_row_chars] =
	    meter_ratio(m->row_copies, t->tokens[t->n].chars);
	return 0;
}

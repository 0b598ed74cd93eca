/* SPDX-License-Identifier: MIT */
#ifndef FILTER_METER_H
#define FILTER_METER_H

/* Inside of struct meter: shared by the files that measure only. */

#include "base/text/punkt.h"
#include "base/text/words.h"
#include "filter/pairs.h"
#include "filter/seen.h"
#include "filter/signals.h"

enum { METER_MAX = 1 << 28 };

/*
 * What is measured together.  The first of these are of the text alone, those
 * from TOKENS on of its tokens.
 */
enum meter_group {
	METER_SIZE,
	METER_CHARS,
	METER_LINES,
	METER_TEXT_LINES,
	METER_ROWS,
	METER_PARAGRAPHS,
	METER_PIECES,
	METER_ALL_LINES,
	METER_BEGUN,
	METER_COPIES,
	METER_TOKENS,
	METER_COUNT,
	METER_SENTENCES,
	METER_LENGTHS,
	METER_SYMBOLS,
	METER_NEWLINES,
	METER_ROW_CHARS,
	METER_MARKS,
	METER_TOP2,
	METER_TOP3,
	METER_TOP4,
	METER_DUP5,
	METER_DUP6,
	METER_DUP7,
	METER_DUP8,
	METER_DUP9,
	METER_DUP10,
	METER_COPIED2,
	METER_COPIED3,
	METER_COPIED4,
	METER_COPIED5,
	METER_COPIED6,
	METER_COPIED7,
	METER_COPIED8,
	METER_COPIED9,
	METER_COPIED10,
	METER_GROUPS
};

/* All tokens before one. */
struct meter_token {
	uint32_t at;    /* bytes of them */
	uint32_t chars; /* code points of them */
};

/* A text in one kind of words. */
struct token_set {
	enum words words;
	uint64_t done; /* bits of groups */
	bool split, bounded, placed;
	const struct str *v; /* the tokens */
	uint32_t n;
	uint32_t cap;               /* tokens there is room for, below */
	struct meter_token *tokens; /* n + 1 */
	uint32_t no_letter;         /* tokens without one, if TOKENS is done */
	uint64_t most[3];           /* if bounded: no top_2gram ... is larger */
	/*
	 * The tokens in a row, without gaps and with one of one byte behind
	 * each (`gap`); 16 bytes more.  The list, if there is one: where runs
	 * may begin that stand there twice; pruned: runs of so many tokens do.
	 */
	struct row {
		char *p;
		size_t room;
		uint32_t *list, n, cap, gap, pruned;
		bool made, listed;
	} rows[2];
	struct signals s;
};

struct meter {
	struct str text;
	uint64_t done; /* bits of groups that are of the text alone */
	struct signals s;
	/* Noted on the way: SIZE; SYMBOLS; ROWS. */
	uint64_t newlines, hashes, ellipses, row_copies;
	/* With WORDS_SPACES: characters of white space, bytes of a token. */
	uint64_t spaces, longest;
	bool symbols; /* are hashes and ellipses there? */
	struct token_set sets[WORDS_KINDS];
	struct tokens english;
	struct treebank treebank;
	/* What white space parts, and words of Unicode. */
	struct parts {
		struct str *v;
		size_t cap;
	} spaced, unicode;
	uint32_t *scratch, room; /* a number a token, of any kind */
	/* Of one kind's tokens, and of n-grams of them. */
	struct {
		const struct token_set *of; /* or NULL */
		struct numbers ids, grams;
		uint32_t n, cap; /* of those grams, 0: none yet; room */
	} numbers;
	struct seen seen;
	struct pairs pairs;
	struct again again, again_few;
	/* How often tokens are there, or more often. */
	struct {
		uint32_t *counts, bits, shift;
	} rough;
};

/* part / whole, 0 of nothing. */
double meter_ratio(uint64_t part, uint64_t whole);
enum meter_group meter_group_of(enum signal s);
/* Measure a group unless it has been. */
int meter_want(
    struct meter *m, struct token_set *t, enum meter_group g, struct err *e);
/* Split the text into t->v, unless it is. */
int meter_split(struct meter *m, struct token_set *t, struct err *e);

/* Set t->tokens, unless they are. */
int meter_lay_out(struct meter *m, struct token_set *t, struct err *e);
/* Characters of the n tokens from i on. */
static inline uint32_t
meter_chars_of(const struct token_set *t, uint32_t i, uint32_t n)
{
	return t->tokens[i + n].chars - t->tokens[i].chars;
}
/* Bytes of the text that the n tokens from i on take. */
struct signal_span meter_gram_span(
    const struct meter *m, const struct token_set *t, uint32_t i, uint32_t n);
/* The bit of a stop word in any case of ASCII, 0 for another token; *exact: is
 * it in lower case? */
static inline unsigned
meter_stop_bit(struct str token, bool *exact)
{
#define WORD(a, b, c, d) \
	((unsigned)(a) | (unsigned)(b) << 8 | (unsigned)(c) << 16 | \
	    (unsigned)(d) << 24)
	const unsigned char *p = (const unsigned char *)token.p;
	unsigned word, low;

	*exact = false;
	if (token.n < 2 || token.n > 4)
		return 0;
	word = WORD(p[0], p[1], token.n > 2 ? p[2] : 0, token.n > 3 ? p[3] : 0);
	/* No letter but of ASCII becomes one. */
	low = word | 0x20202020u >> (32 - 8 * token.n);
	*exact = word == low;
	switch (low) {
	case WORD('t', 'h', 'e', 0):
		return 1;
	case WORD('b', 'e', 0, 0):
		return 2;
	case WORD('t', 'o', 0, 0):
		return 4;
	case WORD('o', 'f', 0, 0):
		return 8;
	case WORD('a', 'n', 'd', 0):
		return 16;
	case WORD('t', 'h', 'a', 't'):
		return 32;
	case WORD('h', 'a', 'v', 'e'):
		return 64;
	case WORD('w', 'i', 't', 'h'):
		return 128;
	}
	return 0;
#undef WORD
}
/* Times that "#", "..." and U+2026 stand in the text, none overlapping: in
 * m->hashes, m->ellipses. */
void meter_count_symbols(struct meter *m);

/* Each measures its group. */
int meter_size(struct meter *m, struct token_set *t, struct err *e);
int meter_chars(struct meter *m, struct token_set *t, struct err *e);
int meter_lines(struct meter *m, struct token_set *t, struct err *e);
int meter_text_lines(struct meter *m, struct token_set *t, struct err *e);
int meter_rows(struct meter *m, struct token_set *t, struct err *e);
int meter_paragraphs(struct meter *m, struct token_set *t, struct err *e);
int meter_pieces(struct meter *m, struct token_set *t, struct err *e);
int meter_all_lines(struct meter *m, struct token_set *t, struct err *e);
int meter_tokens(struct meter *m, struct token_set *t, struct err *e);
int meter_count(struct meter *m, struct token_set *t, struct err *e);
int meter_sentences(struct meter *m, struct token_set *t, struct err *e);
int meter_lengths(struct meter *m, struct token_set *t, struct err *e);
int meter_symbols(struct meter *m, struct token_set *t, struct err *e);
int meter_newlines(struct meter *m, struct token_set *t, struct err *e);
int meter_row_chars(struct meter *m, struct token_set *t, struct err *e);
/* n-grams, 2..4 and 5..10. */
int meter_top(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
int meter_dup(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
/* n-grams as DCLM counts them, 2..4 and 5..10. */
int meter_copied_top(
    struct meter *m, struct token_set *t, uint32_t n, struct err *e);
int
meter_copied(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
int meter_begun(struct meter *m, struct token_set *t, struct err *e);
int meter_copies(struct meter *m, struct token_set *t, struct err *e);
int meter_marks(struct meter *m, struct token_set *t, struct err *e);
/* Set t->most.  gaps: which row is to be had, as it will be needed. */
int meter_bound_tops(
    struct meter *m, struct token_set *t, bool gaps, struct err *e);

#endif

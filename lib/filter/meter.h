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
	bool split, numbered, joined, listed;
	const struct str *v; /* the tokens */
	uint32_t n;
	uint32_t cap;               /* tokens there is room for, below */
	struct meter_token *tokens; /* n + 1 */
	struct numbers ids, grams;  /* of tokens; of n-grams ... */
	uint32_t grams_n;           /* ... of which n, 0 of none yet */
	double bounds[3];           /* of top_2gram ...; < 0: not known yet */
	/* The tokens without gaps, and 16 bytes more. */
	struct {
		char *p;
		size_t room;
	} joined_text;
	/* Where n-grams may begin that stand there twice. */
	uint32_t *list, nlist, list_cap;
	struct signals s;
};

struct meter {
	struct str text;
	uint64_t done; /* bits of groups that are of the text alone */
	struct signals s;
	/* Noted on the way: SIZE; SYMBOLS; ROWS. */
	uint64_t newlines, hashes, ellipses, row_copies;
	bool symbols; /* are hashes and ellipses there? */
	struct token_set sets[WORDS_KINDS];
	struct tokens english;
	struct treebank treebank;
	/* What white space parts, and words of Unicode. */
	struct parts {
		struct str *v;
		size_t cap;
	} spaced, unicode;
	uint16_t class[128]; /* english_class() of ASCII */
	struct seen seen;
	struct pairs pairs;
	struct again again;
};

/* part / whole, 0 of nothing. */
double meter_ratio(uint64_t part, uint64_t whole);
/* Measure a group unless it has been. */
int meter_want(
    struct meter *m, struct token_set *t, enum meter_group g, struct err *e);
/* Split the text into t->v, unless it is. */
int meter_split(struct meter *m, struct token_set *t, struct err *e);

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
int meter_sentences(struct meter *m, struct token_set *t, struct err *e);
int meter_lengths(struct meter *m, struct token_set *t, struct err *e);
int meter_symbols(struct meter *m, struct token_set *t, struct err *e);
int meter_newlines(struct meter *m, struct token_set *t, struct err *e);
int meter_row_chars(struct meter *m, struct token_set *t, struct err *e);
/* n-grams, 2..4 and 5..10. */
int meter_top(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
int meter_dup(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
/* n-grams as DCLM counts them, 2..10. */
int
meter_copied(struct meter *m, struct token_set *t, uint32_t n, struct err *e);
int meter_begun(struct meter *m, struct token_set *t, struct err *e);
int meter_copies(struct meter *m, struct token_set *t, struct err *e);
int meter_marks(struct meter *m, struct token_set *t, struct err *e);
/* At least as much as top_Ngram. */
int meter_top_bound(struct meter *m, struct token_set *t, uint32_t n,
    double *bound, struct err *e);

#endif

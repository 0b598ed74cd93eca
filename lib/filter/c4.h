/* SPDX-License-Identifier: MIT */
#ifndef FILTER_C4_H
#define FILTER_C4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text/lines.h"
#include "base/text/punkt.h"
#include "base/text/words.h"
#include "filter/signals.h"

struct err;

/*
 * C4's cleaning of a text: line by line, without the white space around it,
 *
 *	1. a line with a word of over word_max characters goes
 *	2. citations go from it: [1] [] [edit] [citation needed]
 *	3. a line without . ? ! " ' at its end, or with ..., goes (end_marks)
 *	4. a line of fewer than line_words words goes (counted before 2)
 *	5. "lorem ipsum" rejects the text
 *	6. a line with "javascript" goes
 *	7. { rejects the text
 *	8. a line with a phrase of policies goes (privacy policy, use cookies)
 *
 * and a text of fewer than `sentences` in the lines left is rejected.  Case
 * doesn't matter.  Source: Raffel et al. 2020, 2.2; the order of rules is
 * datatrove 0.10's (c4_filters.py).
 */
struct c4 {
	uint32_t word_max, line_words, sentences;
	bool end_marks;
};

/* What became of a text; scratch of one thread, all zeros at first, which stays
 * where it is. */
struct c4_result {
	struct str given;
	const char *reason;      /* NULL: kept */
	double value, threshold; /* of the reason */
	struct str left;         /* the lines left, joined by LF; kept here */
	bool changed;            /* do they differ from the text? */
	/* Private: the lines looked at so far, and those to come. */
	struct c4_line *lines;
	size_t n, cap;
	struct text_lines rest;
	struct c4 by;
	struct buf text, edits;
	struct tokens tokens;
	struct punkt punkt;
};

/*
 * Begin with a text, which must stay as it is; then clean it, by one set of
 * rules or several, each time from the start.  What lines are is found once.
 *
 * words: whose sentences.  tokens: the text's, if they are there and words are
 * English, which saves parting lines; or NULL.  ERR_NOMEM.  Thread-safe with a
 * result a thread.
 */
int c4_begin(struct c4_result *r, struct str text, struct err *e);
int c4_clean(const struct c4 *c, enum words words,
    const struct meter_words *tokens, struct c4_result *r, struct err *e);
void c4_result_free(struct c4_result *r);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_C4_H
#define FILTER_C4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
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

/* What became of a text; scratch of one thread, all zeros at first. */
struct c4_result {
	const char *reason;      /* NULL: kept */
	double value, threshold; /* of the reason */
	struct str left;         /* the lines left, joined by LF; kept here */
	bool changed;            /* do they differ from the text? */
	struct buf text;
	struct buf line;
	struct tokens tokens;
	struct punkt punkt;
};

/*
 * words: whose sentences.  tokens: the text's, if they are there and words are
 * English, which saves parting lines; or NULL.  ERR_NOMEM.  Thread-safe with a
 * result a thread.
 */
int c4_clean(const struct c4 *c, struct str text, enum words words,
    const struct meter_words *tokens, struct c4_result *r, struct err *e);
void c4_result_free(struct c4_result *r);

#endif

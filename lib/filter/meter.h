/* SPDX-License-Identifier: MIT */
#ifndef FILTER_METER_H
#define FILTER_METER_H

/* Inside of struct meter: shared by signals.c and repetition.c only. */

#include "base/text/punkt.h"
#include "base/text/words.h"
#include "filter/seen.h"
#include "filter/signals.h"

enum { METER_MAX = 1 << 28, METER_POWERS = 1024, METER_LENGTHS = 1024 };

struct meter_token {
	uint64_t hash;  /* of all bytes of joined before it */
	uint32_t at;    /* in joined */
	uint32_t chars; /* code points of all tokens before it */
	uint32_t from;  /* in the text; 0 of the Treebank's */
};

struct meter {
	enum words words; /* of the text measured */
	struct tokens split;
	struct treebank treebank;
	struct str *spaced; /* what white space parts */
	size_t spaced_cap;
	uint32_t lengths[METER_LENGTHS]; /* tokens of so many characters */
	struct seen seen;
	struct meter_token *tokens; /* one more than ntoken: the end */
	uint32_t *ids;              /* equal for equal tokens */
	char *joined;               /* the tokens without gaps */
	uint32_t ntoken;
	uint32_t cap;                  /* tokens there is room for */
	size_t room;                   /* bytes that joined has room for */
	uint64_t powers[METER_POWERS]; /* of METER_BASE */
};

/*
 * Hashes of tokens i .. i + n, joined, come from those of prefixes: a
 * polynomial in METER_BASE modulo 2^64 (Karp, Rabin 1987), whatever n is.
 */
#define METER_BASE UINT64_C(0x9e3779b97f4a7c15)
uint64_t meter_hash(const struct meter *m, uint32_t i, uint32_t n);

/* part / whole, 0 of nothing. */
double meter_ratio(uint64_t part, uint64_t whole);
/* Sets the ratios of characters; chars is there. */
void meter_chars(struct str text, struct signals *s);
/* Sets text_lines and what follows; chars and tokens are there. */
int meter_text_lines(
    struct meter *m, struct str text, struct signals *s, struct err *e);
/* Sets the signals from dup_paragraphs on; chars and the tokens are there. */
int meter_repetition(
    struct meter *m, struct str text, struct signals *s, struct err *e);

#endif

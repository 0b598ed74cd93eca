/* SPDX-License-Identifier: MIT */
#ifndef FILTER_METER_H
#define FILTER_METER_H

/* Inside of struct meter: shared by signals.c and repetition.c only. */

#include "filter/seen.h"
#include "filter/signals.h"

enum { METER_MAX = 1 << 28 };

struct meter_token {
	uint32_t at;    /* in joined */
	uint32_t chars; /* code points of all tokens before it */
	uint32_t from;  /* in the text */
};

struct meter {
	struct seen seen;
	struct meter_token *tokens; /* one more than ntoken: the end */
	uint32_t *ids;              /* equal for equal tokens */
	char *joined;               /* the tokens without gaps */
	uint32_t ntoken;
	uint32_t cap; /* tokens there is room for */
	size_t room;  /* bytes that joined has room for */
};

/* part / whole, 0 of nothing. */
double meter_ratio(uint64_t part, uint64_t whole);
/* Sets the signals from dup_paragraphs on; chars and the tokens are there. */
int meter_repetition(
    struct meter *m, struct str text, struct signals *s, struct err *e);

#endif

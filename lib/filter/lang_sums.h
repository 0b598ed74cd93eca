/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_SUMS_H
#define FILTER_LANG_SUMS_H

/* The rows of a text's n-grams in one script, added up. */

#include "filter/lang_net.h"

enum {
	LANG_QUEUE = 384, /* rows that wait to be added, at most */
	LANG_BATCH =
	    4, /* rows added at a time: LANG_MOST times 4 fits a byte */
};

struct lang_sums {
	const struct lang_group *g;
	int32_t total[LANG_CLASSES]; /* a sum for each class... */
	int16_t part[LANG_CLASSES];  /* ...and what was added lately */
	unsigned batches;            /* in part */
	uint64_t rows;               /* added and waiting */
	unsigned waiting;            /* rows on their way to the cache */
	uint32_t queue[LANG_QUEUE + LANG_ROWS];
};

/* Before all else: nothing of g is added yet. */
void lang_sums_init(struct lang_sums *s, const struct lang_group *g);
/* Add the rows of a word. */
void lang_sums_word(struct lang_sums *s, const struct lang_word *w);
/* After the last word: total is whole. */
void lang_sums_end(struct lang_sums *s);

#endif

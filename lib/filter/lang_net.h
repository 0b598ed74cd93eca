/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_NET_H
#define FILTER_LANG_NET_H

/* A language model in memory: lang_file.c and lang_train.c make it. */

#include "filter/lang.h"
#include "filter/lang_scan.h"

enum { LANG_CLASSES = 64 /* languages of a script */ };

/* The languages of one script. */
struct lang_group {
	unsigned script, n;
	/* n = 1: the script decides, what follows is unused.  With m n-grams
	 * in a text, the evidence for class k is
	 * bias[k] + scale x (sum of rows[.][k]) / m^power. */
	struct lang_grams grams;
	float scale, power;
	float bias[LANG_CLASSES];
	char code[LANG_CLASSES][4];
	unsigned width; /* n, rounded up to a multiple of 16 */
	int8_t *rows;   /* ((1 << bits) + 1, width), |value| <= LANG_MOST;
			 * the last one zeros */
};
/* Four rows fit a byte. */
enum { LANG_MOST = 31, LANG_MAX_BITS = 18 };

struct langid {
	struct lang_chars chars;
	struct lang_group *groups[LANG_SCRIPTS]; /* NULL: untrained */
};

/* A group with room for rows; NULL when memory is out. */
struct lang_group *
lang_group_new(unsigned script, unsigned n, struct lang_grams g);
void lang_group_free(struct lang_group *g);

/* The model as a file (docs/formats.md). */
int langid_write(const struct langid *m, struct buf *out, struct err *e);

#endif

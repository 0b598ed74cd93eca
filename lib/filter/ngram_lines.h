/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_LINES_H
#define FILTER_NGRAM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;
struct in;

enum { NGRAM_LINE_MAX = 1 << 16 };

/* Lines of a file; all zeros but in.  To be freed. */
struct ngram_lines {
	struct in *in;
	char *buf;
	size_t from, to;
	uint64_t at;   /* byte of the file at which the line begins */
	uint64_t next; /* ... and the one behind it */
	bool ended;
};

/*
 * 1 and the line without its end (LF or CR LF), which stays until the next
 * call; 0 at the end of the file.  ERR_FORMAT for a longer line than
 * NGRAM_LINE_MAX.
 */
int ngram_lines_next(struct ngram_lines *l, struct str *line, struct err *e);
void ngram_lines_free(struct ngram_lines *l);

/*
 * The number at the start of s, which loses it: rounded to single precision as
 * the nearest.  False if there is none or it is not finite.
 */
bool ngram_number(struct str *s, float *v);
/*
 * The shortest decimal that reads back as v, which is finite; with an exponent
 * below 1e-6.
 */
void ngram_put_float(struct buf *b, float v);

#endif

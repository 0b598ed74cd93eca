/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_PREFER_H
#define DEDUP_PREFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf;
struct doc;
struct err;

/*
 * Which of several copies to keep: a list of criteria, the first that tells
 * two apart decides.
 *
 *	longest             the longest text, in bytes
 *	shortest
 *	newest, oldest      metadata.date:desc, metadata.date:asc
 *	metadata.A.B:desc   the largest value, :asc the smallest: numbers by
 *	                    size, before strings by bytes; what has neither last
 */
enum { PREFER_MAX = 8 };

struct prefer_key {
	bool length, desc;
	char path[128]; /* in the metadata */
};

struct prefer {
	struct prefer_key v[PREFER_MAX];
	size_t n;
};

/* list NULL or "": no criterion.  ERR_ARG. */
int prefer_parse(struct prefer *p, const char *list, struct err *e);
/*
 * Append the document's rank: of two documents the one whose rank is less in
 * byte order (str_cmp) is preferred.
 */
void prefer_rank(const struct prefer *p, const struct doc *d, struct buf *out);

#endif

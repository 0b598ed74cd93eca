/* SPDX-License-Identifier: MIT */
#ifndef MIX_SCORES_H
#define MIX_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "io/json.h"

struct err;

/*
 * Numbers of documents by their ids, read from JSON Lines.  Memory: 16 bytes
 * a document, and 8 a key.  All zeros is empty.
 */
struct scores {
	const char *const *keys;
	size_t nkey;
	struct score *v; /* open addressing, cap a power of two */
	double *values;  /* (cap, nkey); NaN: not said */
	size_t n, cap;
};

/*
 * Add the lines of a file that have an "id": the numbers called as the keys,
 * at the top or in "metadata".  A later line says more than an earlier one.
 * ERR_FORMAT names file and line.
 */
int scores_read(struct scores *s, const char *path, struct err *e);
/* A number of a document; NaN if it isn't said. */
double scores_get(const struct scores *s, struct str id, const char *key);
void scores_free(struct scores *s);
/* The number `key` of an object, at the top or in `more`; NaN if none. */
double score_of(struct json_val object, const char *more, const char *key);

#endif

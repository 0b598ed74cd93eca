/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_FOUND_H
#define DEDUP_FOUND_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct err;
struct eval_text;
struct evals;
struct out;
struct overlap;

enum { FOUND_PLACES = 8 /* documents named for each text */ };

/* A document in which a passage was found. */
struct found_place {
	struct str id;
	uint32_t n, start, end;
};

struct found_passage {
	uint64_t documents; /* in which it leaked */
	uint32_t most;      /* grams in any one document */
	uint32_t nplace;
	struct found_place *places; /* the first ones, FOUND_PLACES at most */
};

/* What was found of evaluation sets, over all documents. */
struct found {
	const struct evals *evals;
	struct found_passage *v; /* by passage */
	uint32_t *text_of;       /* the first text of each passage */
	struct arena places;
};

int found_init(struct found *f, const struct evals *v, struct err *e);
void found_free(struct found *f);
/* A document's overlap with a passage; documents come in order. */
int found_add(
    struct found *f, struct str id, const struct overlap *x, struct err *e);
/* The first text that has this passage. */
const struct eval_text *found_text(const struct found *f, uint32_t passage);

/* Items; one that has several texts is too short only if all of them are. */
struct found_counts {
	uint64_t leaked, too_short, without;
};
struct found_counts found_count(const struct found *f);

/* One line a text, or an item without any:
 *
 *	{"file":"a.jsonl","record":17,"id":"q17","field":"question","words":31,
 *	 "status":"leaked","overlap":1,"documents":3,
 *	 "where":[{"id":"page-9","overlap":1,"start":120,"end":311}]}
 *
 * status is leaked, clean, too_short or no_text; overlap the largest share of
 * its n-grams in one document; start and end are bytes of the document's text.
 */
int found_write(const struct found *f, struct out *out, struct err *e);

#endif

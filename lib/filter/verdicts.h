/* SPDX-License-Identifier: MIT */
#ifndef FILTER_VERDICTS_H
#define FILTER_VERDICTS_H

#include "filter/judge.h"

struct tally;

/* What several profiles say of each document, and how often. */
struct verdicts {
	const struct profile *const *profiles; /* not owned */
	struct tally *tallies;
	size_t *order; /* in which they are asked */
	size_t n;
};

/* ERR_NOMEM.  Release with verdicts_free() in any case. */
int verdicts_init(struct verdicts *v, const struct profile *const *profiles,
    size_t n, struct err *e);
void verdicts_free(struct verdicts *v);
/*
 * What each profile says of j's text, put as {"gopher":{"keep":true},...} into
 * out, and for verdicts_count() behind side.  Any number of threads, each with
 * a judge of its own.  ERR_NOMEM.
 */
int verdicts_put(const struct verdicts *v, struct judge *j, struct buf *out,
    struct buf *side, struct err *e);
/* Add up what side holds.  ERR_NOMEM. */
int verdicts_count(struct verdicts *v, struct str side, struct err *e);
/* {"gopher":{"kept":3,"dropped":{"short":1}},...} */
void verdicts_json(const struct verdicts *v, struct buf *out);

#endif

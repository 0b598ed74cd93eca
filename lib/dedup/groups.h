/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_GROUPS_H
#define DEDUP_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "dedup/sorter.h"

struct doc;
struct err;
struct prefer;

/*
 * Groups of documents with one key: the same text, the same set of shingles.
 * A sorter brings the documents of a group together, the one that is preferred
 * first: of an earlier dump, then of the smaller rank (dedup/prefer.h), then of
 * the smaller id, then of the smaller hash of the line, so that the order of
 * the input decides only between lines that are the same byte for byte.
 *
 * A record of the sorter:
 *
 *	key, 16 bytes; who; payload
 *
 * and who, whose order as bytes is the order of preference (dedup/key.h):
 *
 *	u8 0: of an earlier dump, 1: new; rank; id; u64 hash of the line;
 *	u64 place (doc.place; numbered otherwise in an earlier dump)
 */
void groups_key(struct buf *b, const struct hash128 *key);
/* rank is scratch.  Of the document at hand: it is new. */
void groups_who(struct buf *b, const struct doc *d, const struct prefer *p,
    struct buf *rank);
/* Of an earlier dump's. */
void groups_earlier(struct buf *b, struct str id, uint64_t place);

/* who, taken apart. */
struct who {
	bool earlier;
	struct str id; /* as key_str() has it, its end included */
	uint64_t line; /* hash64() of its line */
	uint64_t place;
};

/* From the front of *r.  r->p is NULL if that is no who. */
void who_get(struct str *r, struct who *w);

/* One document, as groups_next() gives it. */
struct member {
	bool first; /* of its group */
	struct who who;
	struct str whole; /* who as it stands */
	struct str payload;
};

/* All zeros but docs, which has been sorted. */
struct groups {
	struct sorter *docs;
	struct hash128 key;
	bool begun;
};

/*
 * 1 and the next document, by groups; 0 at the end.  What m points to lasts
 * until the next call.
 */
int groups_next(struct groups *g, struct member *m, struct err *e);

/* How many groups of several there are, and documents in the largest. */
struct clusters {
	uint64_t n, largest;
};

/* One more, of so many documents; of one is none. */
void clusters_add(struct clusters *c, uint64_t documents);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_ROSTER_H
#define DEDUP_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "dedup/apply.h"

struct budget;
struct buf;
struct doc;
struct emit;
struct err;
struct prefer;

/*
 * All documents of an input: their ids and their order of preference, for
 * commands that choose between places in them.
 *
 * Of two documents that with the smaller rank (dedup/prefer.h) comes first,
 * then that with the smaller id, then that with the smaller hash of its line;
 * so the order of the input decides only between lines that are the same byte
 * for byte.
 *
 * Memory, charged to the budget: 70 bytes, an id and a rank a document; 8 more
 * while they are sorted.
 */
struct roster_doc {
	struct str id, rank;
	uint64_t line; /* hash64() of its line */
};

struct roster {
	struct budget *budget;
	struct roster_doc *v; /* by ordinal; id.p is NULL for damage */
	uint32_t *order;      /* by preference: ordinals of the n known */
	uint32_t *place;      /* by ordinal: where in order; after sorting */
	size_t n, nv;
	struct digest lines;
	/* Private. */
	size_t cap, order_cap;
	struct arena ids;
};

/* <0: a comes first. */
int roster_cmp(const struct roster_doc *a, const struct roster_doc *b);
void roster_init(struct roster *r, struct budget *b);
void roster_free(struct roster *r);
/*
 * First pass, in a worker: append what the roster needs of a document to
 * em->side; rank is scratch.  More of the command's may follow.
 */
int roster_note(struct emit *em, const struct doc *d, const struct prefer *p,
    struct buf *rank, struct err *e);
/* In the fold: take a document in, from the front of *side. */
int roster_take(
    struct roster *r, struct str *side, uint32_t *ordinal, struct err *e);
/* Fill place and put order in order. */
int roster_sort(struct roster *r, struct err *e);
#endif

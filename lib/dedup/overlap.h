/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_OVERLAP_H
#define DEDUP_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "dedup/folded.h"

struct err;
struct evals;

/* A passage of which something stands in a document. */
struct overlap {
	uint32_t passage;
	bool leaked;         /* as much as it needs */
	uint32_t n;          /* of its grams */
	uint32_t start, end; /* bytes of the text that they span */
};

/* Bytes start..end of a text. */
struct place {
	uint32_t start, end;
};

/* A gram that stands in the document: its number, its first word, its words.
 */
struct gram_hit {
	uint32_t gram, word, len;
};

/* What a document has in common with evaluation sets.  One a thread. */
struct overlaps {
	const struct evals *evals;
	struct overlap *v; /* by passage, ascending */
	size_t n, nleaked;
	struct place *places; /* what overlaps_places() found */
	size_t nplace;
	/* Private. */
	size_t cap, place_cap;
	struct folded words;
	struct gram_hit *hits;
	size_t nhit, hit_cap;
	uint32_t doc;     /* the stamps' value */
	uint32_t *seen;   /* by gram: stamp, */
	uint32_t *first;  /* and hit that was the first */
	uint32_t *tried;  /* by passage: stamp */
	uint32_t *leaked; /* by gram: stamp */
	uint64_t power[1001];
};

/* Bytes that overlaps_init() takes. */
uint64_t overlaps_bytes(const struct evals *v);
int overlaps_init(struct overlaps *o, const struct evals *v, struct err *e);
void overlaps_free(struct overlaps *o);
/* Fill o->v from text (valid UTF-8). */
int overlaps_of(struct overlaps *o, struct str text, struct err *e);
/*
 * Fill o->places: every run of words that leaked passages have in common with
 * the text last looked at; ascending, apart.
 */
int overlaps_places(struct overlaps *o, struct err *e);

#endif

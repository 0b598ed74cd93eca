/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_GROUPS_H
#define DEDUP_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"

struct budget;
struct err;

/* A document, as far as the choice between copies goes. */
struct who {
	struct str id;
	uint64_t line;    /* hash64() of its line */
	uint64_t ordinal; /* in the whole input */
	struct str rank;  /* by --prefer (dedup/prefer.h); may be empty */
};

/*
 * Which of two is preferred (<0: a): the smaller rank, then as who_by_id().
 */
int who_cmp(const struct who *a, const struct who *b);
/*
 * The smaller id; for equal ids the smaller hash of the line, so that the order
 * of the input decides only between lines that are the same byte for byte.
 */
int who_by_id(const struct who *a, const struct who *b);

/* Documents with one key: the same text, or the same set of shingles. */
struct group {
	struct hash128 key;
	struct who best;
	uint32_t count;
};

#define NO_GROUP UINT32_MAX

/*
 * Documents collected into groups, in one pass.  Memory, charged to the
 * budget: 4 bytes a document, some 80 and an id a group; with everybody 40
 * and an id more a document.
 */
struct groups {
	struct budget *budget;
	struct group *v;
	size_t n, cap;
	uint32_t *of; /* the group of each document, by ordinal; or NO_GROUP */
	size_t ndoc, doc_cap;
	struct who *who; /* of each document, if everybody was asked for */
	size_t who_cap;
	uint32_t *table; /* 1 + index of a group, by its key; open addressing */
	size_t mask;
	struct arena ids;
	uint64_t lines; /* digest of all lines in order */
	bool everybody;
};

void groups_init(struct groups *g, struct budget *b, bool everybody);
void groups_free(struct groups *g);
/*
 * Add a document; ordinals ascend, those left out have no group.  key NULL: it
 * stands alone, in no group.  *group gets its group; returns 1 if that is new,
 * else 0, or an error.
 */
int groups_add(struct groups *g, const struct who *w, const struct hash128 *key,
    uint32_t *group, struct err *e);
/* The group of a document, NO_GROUP if it has none or isn't known. */
uint32_t groups_of(const struct groups *g, uint64_t ordinal);

#endif

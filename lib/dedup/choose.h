/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_CHOOSE_H
#define DEDUP_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bands;
struct budget;
struct err;
struct groups;

/* What becomes of a group: its own head, or dropped in favour of another. */
struct choice {
	uint32_t head;  /* a kept group */
	double jaccard; /* with it */
};

/* Two groups whose similarity reaches the threshold. */
struct match {
	uint32_t a, b;
	double jaccard;
};

/*
 * The choice between groups that share a bucket.  Groups are taken by their
 * best documents, the preferred ones first (who_cmp() in dedup/groups.h).  One
 * whose verified similarity with a group kept before it reaches the threshold
 * is dropped in favour of the most similar of those (ties: of the smallest id);
 * any other is kept.  So every dropped group has a kept one that is similar
 * enough, and the order of the input does not matter.
 *
 * Memory, charged to the budget: 24 bytes a group, 16 more a group in a
 * bucket, 8 a shingle of those; 16 a match if matches are wanted.
 */
struct chooser {
	struct budget *budget;
	struct groups *groups;
	struct bands *bands;
	double least; /* the threshold */
	bool want_matches;
	/* Sets of shingles, filled in between. */
	uint32_t *nset; /* shingles of each group */
	size_t nset_cap;
	uint64_t *at; /* where each group's set begins in hashes, or NO_SET */
	uint64_t *hashes;
	/* The result. */
	struct choice *choice;
	struct match *matches;
	size_t nmatch, match_cap;
	uint64_t candidates; /* pairs of groups compared */
	uint64_t verified;   /* of those, similar enough */
	/* Private. */
	uint32_t *stamp;
};

#define NO_SET UINT64_MAX

void chooser_free(struct chooser *c);
/* The number of shingles of the next group: first step, in order. */
int chooser_size(struct chooser *c, size_t group, uint64_t n, struct err *e);
/*
 * After bands_sort(): makes room for the sets that will be compared.  Returns
 * how many there are, or an error.
 */
int64_t chooser_plan(struct chooser *c, struct err *e);
/* Where to put the nset[group] ascending hashes of a set; NULL: not needed. */
uint64_t *chooser_set(const struct chooser *c, uint32_t group);
/* With all sets in place: fill choice, and matches if wanted. */
int chooser_run(struct chooser *c, struct err *e);

#endif

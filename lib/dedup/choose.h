/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_CHOOSE_H
#define DEDUP_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct sorter;

/*
 * The choice between groups that share a bucket.  Groups are taken by rank, the
 * preferred ones first.  One whose verified similarity with a group kept before
 * it reaches the threshold is dropped in favour of the most similar of those
 * (ties: of the smallest rank); any other is kept, and one of an earlier dump
 * is kept in any case.  So every dropped group has a kept one that is similar
 * enough, and the order of the input does not matter.
 *
 * Only kept groups are compared with later ones, so that a thousand copies of a
 * page are each compared with the one that stays; unless all matches are asked
 * for.
 *
 * Memory: the groups are cut, by rank, into as many chunks as it takes for the
 * sets of one to fit.  A chunk passes on, for each of its buckets with members
 * in later chunks, what was kept to the next of these (dedup/mail.h); sets are
 * read in the order they were written.  If all fit there is one chunk, and
 * nothing is passed on.  The result is the same with any number of chunks.
 *
 * Source: time-forward processing (Chiang et al., External-memory graph
 * algorithms, 1995), with chunks for vertices.
 */
struct chooser {
	struct sorter *links, *table, *sets; /* see dedup/near.h */
	struct sorter *choices, *matches;    /* are filled */
	double least;                        /* the threshold */
	bool all;                            /* fill matches */
	uint64_t memory;                     /* bytes of a chunk */
	uint64_t spare; /* bytes for what comes in, and for what goes out */
	int threads;
	uint64_t candidates; /* pairs of groups compared */
	uint64_t verified;   /* of those, similar enough */
	uint64_t nchunk;
};

/* Fills the results; takes what links, table and sets hold. */
int chooser_run(struct chooser *c, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_NEAR_H
#define DEDUP_NEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dedup/apply.h"
#include "dedup/budget.h"
#include "dedup/groups.h"
#include "dedup/prefer.h"
#include "dedup/signer.h"
#include "dedup/sorter.h"

struct docs;
struct err;
struct minhash_opt;
struct out;
struct run;

/*
 * The search for near duplicates, from signatures to verdicts, as a row of
 * sorts: each step reads what the one before it sorted.  Nothing is looked up
 * at random, so that memory is that of the sorters, which share --memory.
 *
 *	near_signatures   text     -> docs      a set's key, who, band keys
 *	near_groups       docs     -> whos, keys, copies, members
 *	near_buckets      keys     -> buckets   those that several have in
 *common near_ranks        whos     -> table, ranks: groups numbered by
 *preference near_links        buckets, ranks -> links near_needed       links,
 *table -> needed near_sets         text, needed -> sets chooser_run links,
 *table, sets -> choices, matches (choose.h) near_conclude     choices, table,
 *copies -> verdicts
 *
 * A group is the documents with one set of shingles, known by the place of the
 * preferred one at first and then by its rank: 0 is the most preferred.
 */
struct near {
	const struct minhash_opt *opt;
	struct prefer prefer;
	struct budget budget;
	struct signer signer;
	struct digest lines;
	bool keyless; /* buckets are there already: near_groups leaves keys out
		       */
	struct sorter docs;   /* records of dedup/groups.h: u32 nset, keys */
	struct sorter whos;   /* records: who; u32 nset, u32 documents */
	struct sorter keys;   /* pairs: key of a band, place */
	struct sorter copies; /* records: u64 place of the group, place, line */
	struct sorter
	    members; /* records: u64 place of the group, id; --pairs */
	struct sorter buckets; /* pairs: place, key of a band */
	struct sorter table;   /* struct row */
	struct sorter ranks;   /* pairs: place, rank */
	struct sorter links;   /* pairs: rank << 32 | next in bucket, bucket */
	struct sorter needed;  /* pairs: place, rank */
	struct sorter sets;    /* records: u32 rank, hashes ascending */
	struct sorter choices; /* struct dropped */
	struct sorter matches; /* pairs: rank << 32 | rank, bits of J */
	struct sorter verdicts;
	uint64_t distinct, candidates, verified;
	struct clusters clusters;
};

/* The place of a document of an earlier dump has this bit. */
#define PLACE_EARLIER ((uint64_t)1 << 63)
#define NO_RANK UINT32_MAX

/* A group, in the order of ranks. */
struct row {
	uint32_t rank;
	uint64_t place, line; /* of the preferred document */
	uint32_t nset, count;
	bool earlier;
	struct str id; /* as key_str() has it */
};

int
row_put(struct sorter *s, struct buf *b, const struct row *r, struct err *e);
/* The next row, 1; 0 at the end. */
int row_next(struct sorter *s, struct row *r, struct err *e);
/*
 * On to the row of a rank, which is there; *r is the row read last, or all
 * zeros with rank NO_RANK.
 */
int row_seek(struct sorter *s, uint32_t rank, struct row *r, struct err *e);

/* A group that is dropped for another. */
struct dropped {
	uint32_t head, rank;
	double jaccard;
	uint32_t count; /* its documents */
};

int dropped_put(
    struct sorter *s, struct buf *b, const struct dropped *d, struct err *e);
/* 1, 0 at the end: by head. */
int dropped_next(struct sorter *s, struct dropped *d, struct err *e);

int near_init(struct near *x, const struct run *r,
    const struct minhash_opt *opt, struct err *e);
void near_free(struct near *x);

/* A band's key, so that the same values in two bands are no bucket. */
uint64_t near_key(uint64_t key, size_t band);
int near_groups(struct near *x, struct err *e);
int near_buckets(struct near *x, struct err *e);
int near_ranks(struct near *x, struct err *e);
int near_links(struct near *x, struct err *e);
int near_needed(struct near *x, struct err *e);
/* The choice among them (dedup/choose.h). */
int near_choose(struct near *x, int threads, struct err *e);
int near_conclude(struct near *x, struct err *e);

#endif

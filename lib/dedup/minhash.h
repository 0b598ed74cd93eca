/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_MINHASH_H
#define DEDUP_MINHASH_H

#include <stdbool.h>

#include "dedup/shingles.h"

struct docs;
struct dump_index;
struct err;
struct near;
struct out;
struct run;

/*
 * What counts as near duplicate.  A profile is a named set of these.
 */
struct minhash_opt {
	const char *profile;
	enum unit unit;     /* what a shingle is a run of, */
	int ngram;          /* and of how many */
	int bands, rows;    /* of the signature */
	double verify;      /* least Jaccard similarity */
	bool roots;         /* datatrove's signatures and choice, unverified */
	const char *pairs;  /* file for every verified pair, or NULL */
	const char *prefer; /* dedup/prefer.h; NULL: by id */
	const char *index;  /* folder of earlier dumps, or NULL */
};

/* "plain,chars,..." */
#define MINHASH_PROFILES "plain,chars,fineweb,refinedweb,nemo,datatrove"
/* The profile of a name, or NULL. */
const struct minhash_opt *minhash_profile(const char *name);

/* ERR_ARG for options out of range. */
int minhash_check(const struct minhash_opt *opt, struct err *e);

/*
 * Drop documents whose set of shingles is like that of one that stays: Jaccard
 * similarity >= verify, computed from the sets themselves.  The signatures
 * only tell which pairs to compare (dedup/signer.h has the chance that a pair
 * is missed); dedup/choose.h says which document stays.  A document without
 * words is like no other, and stays.
 *
 * Passes over the input: signatures; the sets of those that share a bucket;
 * writing.  stdin must have been spooled.  Memory: --memory, whatever the input
 * (dedup/near.h); what does not fit goes to $TMPDIR.
 *
 * With opt->roots: dedup/roots.h chooses, nothing is verified, and a document
 * of fewer words than a shingle stays.
 *
 * index: NULL, or all zeros: opened here from opt->index.  Documents like one
 * that an earlier run kept are dropped, too, in favour of that one.  What this
 * run keeps is added by index_commit(), for which it is time when the outputs
 * of r have their names; then index_close() (dedup/index.h).
 */
int dedup_minhash(struct docs *in, struct run *r, const struct minhash_opt *opt,
    struct dump_index *index, struct err *e);

/* For stages: write opt->pairs, if out; statistics into r. */
int
minhash_pairs(struct near *x, struct out *out, struct run *r, struct err *e);
int minhash_stats(const struct near *x, struct run *r, struct err *e);

#endif

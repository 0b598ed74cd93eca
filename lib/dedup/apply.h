/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_APPLY_H
#define DEDUP_APPLY_H

#include <stdbool.h>
#include <stdint.h>

struct choice;
struct docs;
struct err;
struct groups;
struct run;

/* The last pass: writes the documents that stay. */
struct apply {
	const struct groups *groups;
	const struct choice *choice; /* by group; NULL: each stays for itself */
	const char *rule;            /* "near_duplicate" */
	bool has_value;
	double threshold;
	/* Private. */
	uint64_t lines;
};

/*
 * Of each group that is its own head the best document stays, and whatever
 * has no group; the others are dropped, naming the document that stays
 * instead.  ERR_IO if the input is not what it was in the first pass.
 */
int apply_run(struct apply *a, struct docs *in, struct run *r, struct err *e);

/* Kept documents for which others were dropped, and the most in one cluster. */
struct clusters {
	uint64_t n, largest; /* documents, the kept one among them */
};

/* The clusters of a finished choice. ERR_NOMEM. */
int apply_clusters(const struct apply *a, struct clusters *c, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_APPLY_H
#define DEDUP_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct docs;
struct err;
struct run;
struct sorter;

/*
 * Verdicts, in a sorter of records: which documents are dropped.
 *
 *	u64 place; u64 hash of the line; f64 similarity; id of the one kept
 *
 * id as key_str() has it.  b is scratch.
 */
int verdict_put(struct sorter *s, struct buf *b, uint64_t place, uint64_t line,
    double value, struct str id, struct err *e);

/* The digest of all lines in order, which tells whether the input changed. */
struct digest {
	uint64_t lines;
};

void digest_add(struct digest *d, uint64_t line);

/* The last pass: writes the documents that stay. */
struct apply {
	struct sorter *verdicts;    /* sorted */
	const struct digest *lines; /* of the first pass, or NULL */
	const char *rule;           /* "near_duplicate" */
	bool has_value;
	double threshold;
	const char *changed; /* said of another input, or NULL: the usual */
	/* Private. */
	struct digest now;
	struct str next; /* a verdict to come */
	bool begun;
};

/*
 * Drop the documents that verdicts name, for the one that stays instead; keep
 * the others.  ERR_IO if the input is not what it was in the first pass.
 */
int apply_run(struct apply *a, struct docs *in, struct run *r, struct err *e);

#endif

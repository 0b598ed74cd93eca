/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_DECONTAM_H
#define DEDUP_DECONTAM_H

#include "base/opt.h"

struct docs;
struct err;
struct run;

struct decontam_opt {
	struct opt_list against; /* evaluation files, folders, patterns */
	struct opt_list fields;  /* "a,b"; none: dedup/evals.h */
	int ngram;               /* words */
	double overlap;          /* share of a text's n-grams */
	const char *action;      /* "drop", "mask", "report" */
	const char *report;      /* file, or NULL */
};

/* What stands in place of a span that was masked. */
#define DECONTAM_MASK "|||EVAL|||"

/*
 * Find texts of evaluation sets in documents.  drop: the document is dropped
 * by the rule contaminated, value: the largest share of a text's n-grams that
 * it has.  mask: the words of those n-grams give way to DECONTAM_MASK.  report:
 * the text stays.  With both, metadata.decontam says what was found.
 *
 * The report has a line of JSON for every text of every item, in order.
 * Memory: about 60 bytes a word of the evaluation sets, 12 more a thread;
 * 500 bytes a text that is found; --memory bounds it.
 */
int decontam(struct docs *in, struct run *r, const struct decontam_opt *opt,
    struct err *e);

#endif

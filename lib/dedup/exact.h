/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_EXACT_H
#define DEDUP_EXACT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct docs;
struct err;
struct run;

struct exact_opt {
	bool normal;        /* compare normal forms */
	bool url;           /* compare metadata.url instead (dedup/url.h) */
	double bloom;       /* dedup/twice.h's bound; 0: none */
	const char *prefer; /* dedup/prefer.h; NULL: by id */
};

/*
 * Drop documents with the same text as another (XXH3, 128 bits: two different
 * texts among 10^12 are taken for the same by a chance of 10^-15).  Of each
 * such group the preferred one stays (dedup/groups.h); the others are dropped
 * by the rule exact_duplicate.  With opt->url the same for documents of one
 * URL, by the rule same_url; one without URL stays.  Reads the input twice:
 * stdin must have been spooled.  With opt->bloom two passes more, before these,
 * find which texts come more than once, and only those are sorted; what is
 * dropped stays the same.  Memory: shares of --memory (dedup/sorter.h), and the
 * filter.
 */
int dedup_exact(
    struct docs *in, struct run *r, const struct exact_opt *opt, struct err *e);

/*
 * Append the normal form of text to out: lower case, every run of white space
 * one blank, none at the ends.  low is scratch.
 */
int
normal_form(struct str text, struct buf *low, struct buf *out, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SAMELINES_H
#define DEDUP_SAMELINES_H

struct docs;
struct err;
struct run;

struct lines_opt {
	int least;          /* words; shorter lines stay wherever they are */
	const char *prefer; /* dedup/prefer.h; NULL: by id */
};

/*
 * Of lines that are the same keep the first in the document that is preferred
 * of all that have it (who_cmp() in dedup/groups.h), and cut the others out.
 * Lines are what LF parts; they are the same if their words are
 * (dedup/folded.h).  A line without words stays.  A document of which no line
 * with words is left is dropped by the rule all_lines_duplicate; one that lost
 * some gets metadata.dedup_lines.
 *
 * Passes over the input: lines; writing.  stdin must have been spooled.
 * Memory, charged to the budget: 18 to 36 bytes a distinct line, 70, an id and
 * a rank a document.
 * Source: Wenzek et al., CCNet (2020), 3.1 (paragraph hashes); which copy stays
 * is ours.
 */
int dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SAMELINES_H
#define DEDUP_SAMELINES_H

struct docs;
struct err;
struct run;

struct lines_opt {
	const char *unit;   /* "lines", "sentences" */
	int span;           /* units in a row; 0: 1 line, 3 sentences */
	int least;          /* words; shorter spans stay wherever they are */
	double bloom;       /* dedup/twice.h's bound; 0: none */
	const char *prefer; /* dedup/prefer.h; NULL: by id */
};

/*
 * Of spans of lines, or of sentences (dedup/units.h), that are the same keep
 * the first in the document that comes first of all that have it
 * (dedup/roster.h), and cut the lines of the others out.  Spans are the same if
 * their words are (dedup/folded.h).  A line without words stays.  A document of
 * which no line with words is left is dropped by the rule all_lines_duplicate,
 * or all_sentences_duplicate; one that lost some gets metadata.dedup_lines.
 *
 * Passes over the input: lines; writing; with opt->bloom before these, counting
 * and filling the filter, which then says what need not be remembered: what is
 * cut stays the same.  stdin must have been spooled.
 * Memory, charged to the budget: 18 to 36 bytes a distinct span, 70, an id and
 * a rank a document; with opt->bloom only for spans that the filter takes for
 * ones that come twice.
 * Source: Wenzek et al., CCNet (2020), 3.1 (paragraph hashes); Raffel et al.,
 * T5 (2020), 2.2 (spans of three sentences); which copy stays is ours.
 */
int dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e);

#endif

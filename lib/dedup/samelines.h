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
 * the first in the document that is preferred of all that have it
 * (dedup/groups.h), and cut the lines of the others out.  Spans are the same if
 * their words are (dedup/folded.h).  A line without words stays.  A document of
 * which no line with words is left is dropped by the rule all_lines_duplicate,
 * or all_sentences_duplicate; one that lost some gets metadata.dedup_lines.
 *
 * Passes over the input: documents; spans; writing; with opt->bloom before
 * these two that count spans and fill a filter, which then says what need not
 * be sorted: what is cut stays the same.  stdin must have been spooled. Memory:
 * shares of --memory (dedup/sorter.h), and the filter. Source: Wenzek et al.,
 * CCNet (2020), 3.1 (paragraph hashes); Raffel et al., T5 (2020), 2.2 (spans of
 * three sentences); which copy stays is ours.
 */
int dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SUBSTRING_H
#define DEDUP_SUBSTRING_H

struct docs;
struct err;
struct run;

struct substring_opt {
	int least;          /* bytes */
	const char *action; /* "cut", "mark" */
	const char *prefer; /* dedup/prefer.h; NULL: by id */
};

/*
 * Of every run of `least` bytes or more that stands in several places the first
 * stays, the others are cut out, or marked; documents going in the order of
 * preference (dedup/roster.h), within a document from its start.
 * A byte is cut just if it is in a run of `least` bytes that stands before,
 * but for the bytes of a character of which others stay.  metadata
 * .dedup_substring names the spans and where each begins to stand first.  A
 * document of which only white space is left is dropped by the rule
 * all_text_duplicate.
 *
 * No run reaches from one document into another.
 *
 * Passes over the input: who there is; the anchors of windows (dedup/anchors.h)
 * that may come twice (dedup/twice.h); the pieces of text around these, to
 * disk, those of one anchor into one part (dedup/parts.h), so that each part
 * can be judged alone (dedup/repeats.h); then, writing.  stdin must have been
 * spooled.
 *
 * Memory, charged to the budget: 90 bytes, an id and a rank a document; a fixed
 * share of --memory for the rest.  Disk, in $TMPDIR: 4 bytes a byte of text
 * that may come twice, 24 a span.
 * Source: Lee et al., Deduplicating training data makes language models better
 * (2022), 4.1; which copy stays is ours, and how the work is parted.
 */
int dedup_substring(struct docs *in, struct run *r,
    const struct substring_opt *opt, struct err *e);

#endif

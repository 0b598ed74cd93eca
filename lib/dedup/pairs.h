/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_PAIRS_H
#define DEDUP_PAIRS_H

#include <stdint.h>

struct chooser;
struct err;
struct out;

/*
 * Every verified pair of documents as a line
 *
 *	id_a TAB id_b TAB Jaccard, 4 digits
 *
 * id_a before id_b in byte order, lines sorted by these; tab, newline, return
 * and backslash in an id stand as \t \n \r \\.  Documents with the same set of
 * shingles are pairs of Jaccard 1.  c has its matches; its groups know
 * everybody.  *n gets the number of lines.  Memory: 28 bytes a document, 32 a
 * match.
 */
int pairs_write(struct chooser *c, struct out *out, uint64_t *n, struct err *e);

#endif

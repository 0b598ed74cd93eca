/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_PAIRS_H
#define DEDUP_PAIRS_H

#include <stdint.h>

struct err;
struct near;
struct out;

/*
 * Every verified pair of documents as a line
 *
 *	id_a TAB id_b TAB Jaccard, 4 digits
 *
 * id_a before id_b in byte order, lines sorted by these; tab, newline, return
 * and backslash in an id stand as \t \n \r \\.  Documents with the same set of
 * shingles are pairs of Jaccard 1.  Takes x->matches and x->members; *n gets
 * the number of lines.  Memory: that of sorters, and the ids of one group.
 */
int pairs_write(struct near *x, struct out *out, uint64_t *n, struct err *e);

#endif

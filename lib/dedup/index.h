/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_INDEX_H
#define DEDUP_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "dedup/recfile.h"

struct err;
struct near;

/*
 * A folder that remembers what earlier dumps kept: a file 00000001.seg,
 * 00000002.seg, ... for each, as the signatures of a stage (docs/formats.md),
 * with the whole set of hashes of each document, so that a similarity with it
 * is as true as one between new documents, without its text.
 *
 * Files are only added, whole, under the next number, after the outputs of the
 * run: a run that dies before has added nothing and can be repeated.  One run
 * at a time.  Memory: that of the sorters; 256 KB a dump while sets are read.
 */
struct dump_index {
	char *dir;
	int lock;
	struct rec_in *dumps;
	size_t n;
	struct rec_out next;
	bool finished; /* next waits for its name */
};

/*
 * Make the folder if it isn't there, lock it, open its files.  options: what
 * all of them must have been made with.
 */
int index_open(
    struct dump_index *ix, const char *dir, const char *options, struct err *e);
/* Frees it; also if all zeros. */
void index_close(struct dump_index *ix);
/* All documents into x->docs, as of earlier dumps. */
int index_feed(struct dump_index *ix, struct near *x, struct err *e);
/* Which dump and document of it a place is. */
uint64_t index_place(size_t dump, uint64_t nth);
size_t index_dump(uint64_t place);
/*
 * What this run kept, all of own but x->verdicts (sorted), becomes the next
 * file.
 */
int index_keep(struct dump_index *ix, struct near *x, struct rec_in *own,
    const char *options, struct err *e);
/* Give it its name: when all else is done. */
int index_commit(struct dump_index *ix, struct err *e);

#endif

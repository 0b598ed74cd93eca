/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SORTER_H
#define DEDUP_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dedup/sort.h"

struct err;

/*
 * Sorts more than memory holds: what is put in fills a region of memory; when
 * that is full it goes, sorted, to a nameless file in $TMPDIR as a run, and in
 * the end all runs are merged.  Whatever fits in the region never leaves it:
 * that is a sort with one run.  Both give the same sequence.
 *
 *	init, put or add ..., sort, next ... [sort, next ...], free
 *
 * A sorter holds either pairs, ascending by key and then value, or records:
 * strings of bytes, in byte order (dedup/key.h makes such).
 *
 * Memory: limit bytes, touched as needed; while runs are merged, too, so that
 * there are at most limit / 64 KiB runs: more are merged in between, which
 * costs a pass over the data each time their number is squared.  Only a record
 * that is longer itself takes more.  Not thread-safe.
 */
struct sorter {
	size_t limit; /* bytes */
	bool pairs;
	/* The region: records from its bottom, pairs (for records: of their
	 * first bytes and place) from its top, as much room below them. */
	char *mem;
	size_t size, used, n;
	/* Runs. */
	int fd;
	uint64_t end; /* of the file */
	struct run_of {
		uint64_t at, end;
		int level;
	} * runs;
	size_t nrun;
	/* Reading. */
	size_t next;
	struct run_reader *readers;
	size_t *heap, nheap;
	bool started;
};

/* limit is raised to a few KiB if it is less.  No memory is touched yet. */
void sorter_init(struct sorter *s, bool pairs, uint64_t limit);
/* Also of one that is all zeros. */
void sorter_free(struct sorter *s);
int sorter_put(struct sorter *s, uint64_t key, uint64_t value, struct err *e);
int sorter_add(struct sorter *s, struct str record, struct err *e);
/* Nothing more comes: the next is the least.  May be called again. */
int sorter_sort(struct sorter *s, struct err *e);
/* 1, 0 at the end. */
int sorter_pair(struct sorter *s, struct pair *p, struct err *e);
/*
 * The record is ours: until the next call, or if nothing was spilled until
 * sorter_free().
 */
int sorter_record(struct sorter *s, struct str *record, struct err *e);
bool sorter_spilled(const struct sorter *s);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_SORT_H
#define FILTER_NGRAM_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Sorts n-grams: records of `key` numbers, the first weighing
 * most, and 8 bytes of payload.  What memory doesn't hold goes to a nameless
 * file as sorted runs, which are merged when it is read.  With add, payloads
 * are counts: those of equal keys are added up.
 *
 * Memory: `memory` bytes (at least 64 KiB), as many for each reader of runs.
 * The same sequence for any memory and threads (keys of different records
 * differ, or add is set).
 */
struct ngram_sort {
	unsigned key;
	bool add;
	int threads;
	size_t record; /* numbers in one: key + 2 */
	uint32_t *mem;
	struct ngram_item *items; /* what is sorted in their place */
	size_t n, cap;            /* records */
	int fd;
	uint64_t *ends; /* of runs in the file, bytes */
	size_t nrun;
	uint64_t total; /* put in */
};

/* Nothing is allocated yet. */
void ngram_sort_init(
    struct ngram_sort *s, unsigned key, bool add, uint64_t memory, int threads);
void ngram_sort_free(struct ngram_sort *s);
int ngram_sort_put(
    struct ngram_sort *s, const uint32_t *key, uint64_t payload, struct err *e);
/* Nothing more comes. */
int ngram_sort_end(struct ngram_sort *s, struct err *e);

/* Goes over the records; several may at a time. */
struct ngram_reader {
	const struct ngram_sort *s;
	size_t at; /* in memory */
	struct ngram_run *runs;
	size_t *heap, nheap;
	uint32_t *record;
};
int ngram_reader_open(
    struct ngram_reader *r, const struct ngram_sort *s, struct err *e);
/* 1 and the record, which stays until the next call; 0 at the end. */
int ngram_reader_next(
    struct ngram_reader *r, const uint32_t **record, struct err *e);
void ngram_reader_free(struct ngram_reader *r);

static inline uint64_t
ngram_payload(const uint32_t *record, unsigned key)
{
	return record[key] | (uint64_t)record[key + 1] << 32;
}

/* <0, 0, >0 as n numbers compare. */
static inline int
ngram_compare(const uint32_t *a, const uint32_t *b, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

#endif

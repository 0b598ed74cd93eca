/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_BUDGET_H
#define DEDUP_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct opt_common;

/*
 * What --memory allows.  What has to be in memory and grows with the input is
 * charged here before it is allocated: a run for which it is too little ends
 * with a clear error rather than in swap.  What can be sorted is not charged:
 * sorters (dedup/sorter.h) share what is left, whatever the input.  Not
 * thread-safe.
 */
struct budget {
	uint64_t limit, used; /* bytes */
};

/*
 * --memory, or three quarters of the machine's memory.  Batches and threads
 * are charged at once.  ERR_NOMEM if not even these fit.
 */
int budget_init(struct budget *b, const struct opt_common *opt, struct err *e);
/*
 * part / of of the bytes that are left.  A sorter (dedup/sorter.h) keeps within
 * its share whatever comes, so that is not charged; who shares adds up.
 */
uint64_t budget_share(const struct budget *b, unsigned part, unsigned of);
/* ERR_NOMEM, naming what, if n more bytes don't fit. */
int budget_take(struct budget *b, uint64_t n, const char *what, struct err *e);
void budget_give(struct budget *b, uint64_t n);
/*
 * realloc() p, an array of *cap elements of size bytes, to hold at least need;
 * grows by half.  NULL on an error: p is still there, *cap as it was.
 */
void *budget_grow(struct budget *b, void *p, size_t *cap, size_t need,
    size_t size, const char *what, struct err *e);
/* n elements, cleared; NULL on an error. */
void *budget_calloc(
    struct budget *b, size_t n, size_t size, const char *what, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BASE_PAR_H
#define BASE_PAR_H

#include <stddef.h>

struct err;

/*
 * Ordered parallel filter.
 *
 *	read --> [ring of njob jobs] --> work x N --> write, in read order
 *
 * Exactly nthread threads run, the caller's among them, each taking whatever
 * is due: the next write, else the next read, else the next job to work on.
 * read and write are each run by one thread at a time (not always the same
 * one), so callbacks need no locks.
 *
 * The caller owns the jobs; par_run() only passes them round, so memory is
 * bounded by njob and a job's buffers are reused.
 *
 * Output is a function of the input alone: any nthread gives the same bytes.
 * On failure, every job before the first failing one (in read order) has been
 * written and none after it, and its error is the one reported.
 */
struct par_ops {
	/* Fill job: 1 if filled, 0 at end of input, <0 on error. */
	int (*read)(void *ctx, void *job, struct err *e);
	/* Transform job in place; w in [0, nthread) names scratch space. */
	int (*work)(void *ctx, void *job, int w, struct err *e);
	/* Emit job. */
	int (*write)(void *ctx, void *job, struct err *e);
};

/*
 * Run to end of input.  nthread 0 and 1 run everything in the calling thread.
 * jobs has njob >= 1 elements; par_jobs(nthread) keeps everyone busy.
 */
int par_run(const struct par_ops *ops, void *ctx, void **jobs, size_t njob,
    int nthread, struct err *e);

static inline size_t
par_jobs(int nthread)
{
	return nthread > 1 ? 2 * (size_t)nthread + 1 : 1;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_SCRATCH_H
#define TRAIN_CPU_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory for the length of one operation.  A few pieces are kept for the next
 * ones, so that their pages need not be found anew each time.  Thread-safe.
 */
struct scratch {
	void *p; /* at 64 bytes; NULL: no memory was left */
	size_t size;
};

struct scratch scratch_take(size_t size);
void scratch_give(struct scratch s);
/* An operation had to be given up for want of memory. */
void scratch_fail(void);
/* Has that happened since the last call? */
bool scratch_failed(void);

#endif

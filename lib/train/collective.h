/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_COLLECTIVE_H
#define TRAIN_COLLECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/link.h"
#include "train/ops.h"

/*
 * What ranks do together with arrays on their devices.  Bytes go by a wire: the
 * link of the ranks, or, where devices have a memory of their own, one between
 * those (link_nccl()); sums are made here, in the same order by either.
 * Elements at[r] .. at[r + 1] of an array are rank r's share; at (ranks + 1)
 * begins with 0.
 *
 * With one rank there is no wire, and what is left of it is done.  One thread.
 */
struct collective {
	struct link *link, *wire;
	const struct ops *ops;
	/*
	 * sum (this rank's share) = parts' shares, added in the order of ranks
	 * 0 .. parts - 1 to what is there, or, if first, begun with rank 0's.
	 * part: the whole array; that of ranks >= parts isn't looked at.
	 *
	 * The sums are ((sum + p0) + p1) + ..., whatever shares and ranks are:
	 * so parts that come in rounds, each rank one a round, add up to the
	 * same bits for any number of ranks.
	 */
	int (*reduce_scatter)(struct collective *c, void *sum, const void *part,
	    const size_t *at, uint32_t parts, bool first, struct err *e);
	/* x, the whole array: every rank's share of it comes from that rank. */
	int (*all_gather)(
	    struct collective *c, void *x, const size_t *at, struct err *e);
	/*
	 * n elements of an array on rank `from` into floats on the host of rank
	 * 0; the others do nothing.
	 */
	int (*fetch)(struct collective *c, float *to, const void *x, size_t n,
	    uint32_t from, struct err *e);
	size_t piece; /* elements that go between two ranks at a time */
	char *stage;  /* on the device: a piece from each rank */
	float *host;  /* a piece */
	struct parcel *out, *in; /* (ranks) */
};

/* Bytes that collective_open() asks of the device. */
uint64_t collective_memory(const struct link *l, const struct ops *ops);
/*
 * Link and ops must outlive it.  Every rank calls it, and all of them get what
 * one of them does: ERR_IO without a wire between devices, ERR_NOMEM.
 */
int collective_open(
    struct collective *c, struct link *l, const struct ops *ops, struct err *e);
/* All zeros is fine. */
void collective_close(struct collective *c);

#endif

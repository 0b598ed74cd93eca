/* SPDX-License-Identifier: MIT */
#ifndef IO_FEEDBACK_H
#define IO_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* What a step's rows of one source came to. */
struct source_loss {
	double sum; /* of the losses (nats) of its targets that count */
	uint64_t targets;
};

/*
 * What training hands back to the mixture: the losses of sources, from which
 * later steps may get other shares.  lib/mix implements it, training calls it,
 * cmd/ wires them.  One thread.
 */
struct row_feedback {
	void *ctx;
	uint32_t sources;
	bool losses; /* step() wants to be called */
	/*
	 * The run goes on after so many steps: what was said of later ones is
	 * forgotten.  Called before the first step and after going back.
	 */
	int (*begin)(void *ctx, uint64_t steps, struct err *e);
	/* After step number `step` (from 0): v is (sources). */
	int (*step)(void *ctx, uint64_t step, const struct source_loss *v,
	    struct err *e);
	/* Everything said is on the disk.  Before a checkpoint. */
	int (*sync)(void *ctx, struct err *e);
	/*
	 * A digest of the changes that the first so many steps depend on; ""
	 * if there are none.  A checkpoint keeps it.
	 */
	void (*digest)(void *ctx, uint64_t steps, char hex[17]);
};

#endif

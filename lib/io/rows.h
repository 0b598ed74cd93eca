/* SPDX-License-Identifier: MIT */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include <stdint.h>

struct err;

/*
 * Rows of tokens: what the mixture hands to training.
 *
 * A run is a sequence of steps; a step is a batch of rows; a row of a step
 * with sequence length T is T + 1 tokens, the last of which is only a target.
 * Every row has an address (step, row) and can be asked for at any time and in
 * any order: a source keeps no position, so resuming is asking for the next
 * step, and ranks or threads ask for different rows of the same step.
 */
struct step_info {
	uint32_t rows;          /* in the whole batch, over all ranks */
	uint32_t seq;           /* T */
	uint64_t tokens_before; /* trained on before this step: sum rows * T */
	double lr_scale;        /* times the schedule's learning rate */
	uint32_t phase;         /* index; phase_name says which */
	const char *phase_name; /* owned by the source */
};

/* Facts about a row that the loss and attention may use. */
struct row_info {
	uint32_t source; /* index into the sources of the recipe */
};

struct row_source {
	void *ctx;
	/* Steps in the whole run. */
	uint64_t steps;
	/* Largest rows and seq of any step: for sizing buffers. */
	uint32_t max_rows, max_seq;
	/* Tokens are < vocab. */
	uint32_t vocab;
	/* sha256 (hex) of everything the rows depend on: recipe and shards. */
	char digest[65];
	int (*step)(
	    void *ctx, uint64_t step, struct step_info *info, struct err *e);
	/*
	 * Rows first .. first + n of a step: tokens is (n, T + 1), info (n) or
	 * NULL.  Thread-safe.
	 */
	int (*read)(void *ctx, uint64_t step, uint32_t first, uint32_t n,
	    uint32_t *tokens, struct row_info *info, struct err *e);
	void (*close)(void *ctx);
};

#endif

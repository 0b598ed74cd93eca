/* SPDX-License-Identifier: MIT */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

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
	uint64_t tokens_before; /* places before this step: sum rows * T */
	double lr_scale;        /* times the schedule's learning rate */
	uint32_t phase;         /* index; phase_name says which */
	const char *phase_name; /* owned by the source */
};

/* Facts about a row. */
struct row_info {
	uint32_t source; /* index into the sources of the recipe */
};

/*
 * n rows and what attention and loss have to know of them.  Arrays that are
 * NULL are not wanted (by who asks for rows) or have nothing special (where
 * rows are handed on).  int32_t, so that a device takes them as they are.
 *
 * Column t of the T inputs of a row:
 *	first   the column at which its document, or what the row has of it,
 *	        begins: 0 <= first <= t, and it never falls along the row.  A
 *	        document begins where first is t, and ends before the next one;
 *	        t - first is its position if positions restart with documents.
 *	        Padding is a document of its own.
 *	last    the last column that it may look at: t, or more within the
 *	        prefix of a document that is read in both directions;
 *	        t <= last < T, last never falls and stays in the document.
 *	loss    1 if what is predicted there, column t + 1, counts; 0 for
 *	        padding and whatever else is only given.
 */
struct rows {
	uint32_t *tokens;      /* (n, T + 1) */
	struct row_info *info; /* (n) */
	int32_t *first, *last; /* (n, T) */
	uint8_t *loss;         /* (n, T) */
};

struct row_source {
	void *ctx;
	/* Steps in the whole run. */
	uint64_t steps;
	/* Largest rows and seq of any step: for sizing buffers. */
	uint32_t max_rows, max_seq;
	/* Tokens are < vocab. */
	uint32_t vocab;
	bool masked;  /* some row has a loss of 0 */
	bool two_way; /* some row has a last beyond its column */
	/* Of the recipe; 0 where nobody counts them.  Names live as long. */
	uint32_t sources;
	struct str (*source_name)(void *ctx, uint32_t source);
	/* sha256 (hex) of everything the rows depend on: recipe and shards. */
	char digest[65];
	int (*step)(
	    void *ctx, uint64_t step, struct step_info *info, struct err *e);
	/*
	 * Rows first .. first + n of a step into the arrays of out that are
	 * not NULL; tokens never is.  Thread-safe.
	 */
	int (*read)(void *ctx, uint64_t step, uint32_t first, uint32_t n,
	    const struct rows *out, struct err *e);
	/*
	 * These rows will be read soon: begin to get them from the disk.  NULL
	 * where that is nothing to do.  Thread-safe, and doesn't wait.
	 */
	void (*hint)(void *ctx, uint64_t step, uint32_t first, uint32_t n);
	void (*close)(void *ctx);
};

/* Which arrays rows_alloc() makes beside tokens and loss. */
enum { ROWS_INFO = 1, ROWS_FIRST = 2, ROWS_LAST = 4 };

/*
 * Room for rows of `tokens` inputs in all, whatever their length.  rows_free()
 * in any case.
 */
int rows_alloc(struct rows *r, size_t tokens, unsigned also, struct err *e);
void rows_free(struct rows *r);
/* How many of n rows' T inputs count in the loss. */
uint64_t rows_counted(const struct rows *r, uint32_t n, uint32_t T);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MIX_EMIT_H
#define MIX_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "io/rows.h"

struct err;
struct out;

/*
 * A rank's part of the stream.  A step's rows are cut into micro-batches of
 * `micro` rows (the last may be shorter), and rank R gets those numbered m
 * within their step with m mod world = R.  So the ranks together get every
 * row once, whatever the layout.
 */
struct layout {
	uint64_t from, to; /* steps from .. to - 1 */
	uint32_t world, rank, micro;
	bool json; /* else uint32, little-endian, T + 1 a row */
};

/* ERR_ARG for a layout that makes no sense for the source. */
int layout_check(
    const struct layout *l, const struct row_source *rows, struct err *e);
/*
 * Write the rows; with json a line a row: step, row, source, tokens.  names:
 * of the sources.  *count gets the rows written.
 */
int emit_rows(const struct row_source *rows, const struct layout *l,
    const char *const *names, struct out *out, uint64_t *count, struct err *e);

#endif

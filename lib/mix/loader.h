/* SPDX-License-Identifier: MIT */
#ifndef MIX_LOADER_H
#define MIX_LOADER_H

#include <stdint.h>

#include "io/rows.h"

struct err;

/*
 * Rows read ahead: a thread of its own reads the batches that are asked for
 * next, so that who asks for them in order finds them ready.  It learns from
 * the first request how many rows are read at a time and what of them; one
 * that breaks the order is answered as well, only not faster, and reading
 * ahead goes on from there.
 *
 * Of several ranks, which ask for the micro-batches of a step in turn, it reads
 * those of `rank`: number m if m % ranks == rank.
 *
 * out takes over `in`, and frees it when it is closed.  At most `ahead` batches
 * are held.  Thread-safe; the rows are those of `in`.
 */
enum { LOADER_AHEAD = 4 };

int loader_open(struct row_source *out, const struct row_source *in,
    uint32_t ahead, uint32_t rank, uint32_t ranks, struct err *e);

#endif

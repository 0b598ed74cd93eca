/* SPDX-License-Identifier: MIT */
#ifndef MIX_SHOW_H
#define MIX_SHOW_H

#include <stdint.h>

#include "base/buf.h"
#include "mix/mix.h"

/* What people and programs read of a recipe; all append to out. */

/* The table of `mix check`: sources, then phases with asked and got shares. */
void show_check(const struct mix *m, struct buf *out);
/* A line a phase: steps, rows, tokens, shares. */
void show_plan(const struct mix *m, struct buf *out);
/* Everything the two above have, as one JSON object without a newline. */
void show_json(const struct mix *m, struct buf *out);

/* Tab-separated lines for mix_at() and mix_seen(), and their headers. */
void show_piece_header(struct buf *out);
void show_piece(const struct mix *m, uint32_t row, const struct mix_piece *p,
    struct buf *out);
void show_place_header(struct buf *out);
void
show_place(const struct mix *m, const struct mix_place *p, struct buf *out);

#endif

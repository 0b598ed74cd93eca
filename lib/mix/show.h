/* SPDX-License-Identifier: MIT */
#ifndef MIX_SHOW_H
#define MIX_SHOW_H

#include <stdint.h>

#include "base/buf.h"
#include "mix/mix.h"

struct err;
struct textcodec;

/* What people and programs read of a recipe; all append to out. */

/* The table of `mix check`: sources, then phases with asked and got shares. */
void show_check(const struct mix *m, struct buf *out);
/* A line a phase: steps, rows, tokens, shares. */
void show_plan(const struct mix *m, struct buf *out);
/* Everything the two above have, as one JSON object without a newline. */
void show_json(const struct mix *m, struct buf *out);

/*
 * Tab-separated lines with a header: what stands at a STEP, STEP:ROW or
 * STEP:ROW:COLUMN, and everywhere that a document of this id or URL is read.
 * codec: the shards' tokenizer, for the text of what stands there; or NULL.
 * ERR_ARG for no such place, ERR_FORMAT for no such document.
 */
int show_at(struct mix *m, const char *spot, const struct textcodec *codec,
    struct buf *out, struct err *e);
int show_seen(struct mix *m, const char *name, struct buf *out, struct err *e);

#endif

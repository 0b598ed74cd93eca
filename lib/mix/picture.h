/* SPDX-License-Identifier: MIT */
#ifndef MIX_PICTURE_H
#define MIX_PICTURE_H

#include "base/buf.h"
#include "mix/plan.h"

/*
 * A plan as an SVG picture appended to out: over the tokens of the run the
 * shares of the sources, one above the other, then the tokens of a batch and
 * the length of rows, each from 0 to its largest.
 */
void picture_plan(const struct plan *p, struct buf *out);

#endif

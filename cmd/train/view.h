/* SPDX-License-Identifier: MIT */
#ifndef CMD_TRAIN_VIEW_H
#define CMD_TRAIN_VIEW_H

#include "base/opt.h"
#include "base/progress.h"
#include "train/train.h"

/* What the terminal shows of a run; -q: nothing. */
struct view {
	const struct opt_common *common;
	struct progress line;
	struct train_plan plan;
	struct step_report valid; /* the last one with a validation */
};

void view_plan(struct view *v, const struct train_plan *p);
/* Events of a run (train/train.h); ctx begins with a struct view. */
void view_step(void *ctx, const struct step_report *r);
void view_spike(void *ctx, const struct spike *s);
void view_same(void *ctx, uint64_t step);
/* The closing line. */
void view_end(struct view *v, const struct step_report *last);

#endif

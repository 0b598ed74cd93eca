/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_EVAL_H
#define TRAIN_EVAL_H

#include <stdint.h>

#include "io/rows.h"
#include "train/ops.h"

struct err;

/* What rows came to. */
struct eval_result {
	double nats; /* sum of losses */
	uint64_t tokens;
};

/*
 * The losses of all rows of a source under the model in a folder; memory: about
 * 4096 tokens at a time, or one row.  ERR_ARG if rows and model don't fit.
 */
int eval_rows(struct eval_result *r, const char *dir,
    const struct row_source *rows, const struct ops *ops, struct err *e);

#endif

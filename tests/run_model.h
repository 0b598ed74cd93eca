/* SPDX-License-Identifier: MIT */
#ifndef RUN_MODEL_H
#define RUN_MODEL_H

/* A model that learns its rows in a few steps: of tests that make whole runs.
 */

#include "train/config.h"

enum { VOCAB = 40 };

static const struct model_config model = { .vocab = VOCAB,
	.dim = 32,
	.hidden = 48,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 8,
	.max_seq = 32,
	.eps = 1e-5,
	.theta = 100,
	.init_std = .1,
	.bos = -1,
	.eos = -1 };

#endif

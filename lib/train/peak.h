/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PEAK_H
#define TRAIN_PEAK_H

#include "train/ops.h"
#include "train/program.h"

/*
 * Operations of a model a token, forward and backward, in rows of `seq`: 6 for
 * each weight that a product multiplies (a table that is only looked up in has
 * none), and 12 * heads * head_dim a layer for each position that attention
 * reaches, as if it weren't causal.  What is recomputed doesn't count.
 * Source: Chowdhery et al., arXiv 2204.02311, appendix B.
 */
double peak_flops_per_token(const struct program *p, uint32_t seq);

/*
 * What the device makes at most, operations a second, if products' factors are
 * of that type: from a table by its name (dense, no sparsity); of a processor,
 * its operations a cycle times the clock, which is measured (some ms), times
 * its cores that so many threads take (0: all).  0: not known.
 */
double peak_of(const struct ops *ops, enum ops_type type, int threads);

/* Of a processor that /proc/cpuinfo describes so: operations a cycle a core. */
double peak_per_cycle(const char *cpuinfo, enum ops_type type);
/* Of a card, by its name; of the first in the table that the name holds. */
double peak_of_card(const char *name, enum ops_type type);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_DROPOUT_H
#define TRAIN_CPU_DROPOUT_H

#include <stddef.h>

#include "train/ops.h"

/*
 * m[i] = 0 or 1 / (1 - rate) for the elements c .. c + n of the C of a token
 * (its number within the step); c is a multiple of 4.
 */
void dropout_mask(float *m, const struct dropout *o, uint64_t token, size_t c,
    size_t n, size_t C);

#endif

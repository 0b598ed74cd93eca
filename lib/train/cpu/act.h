/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_ACT_H
#define TRAIN_CPU_ACT_H

#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

/* y (n) = act(x (n)), slope (n) = its derivative; kind: enum act_kind. */
void act_values(float *y, float *slope, const float *x, size_t n, int kind);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_REF_H
#define TRAIN_REF_H

#include "train/ops.h"

/*
 * The reference: every operation in double, as its formula says, element by
 * element.  Shares nothing with the processor's ops that it checks.
 */
#define OP(name, args) void ref_##name args;
#include "train/ops.def"
#undef OP

#endif

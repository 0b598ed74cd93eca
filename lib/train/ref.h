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

/* 0, or 1 / (1 - rate), for an element of a token of its step. */
double ref_kept(const struct dropout *o, uint64_t token, int c, int C);

#endif

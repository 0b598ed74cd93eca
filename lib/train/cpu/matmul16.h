/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_MATMUL16_H
#define TRAIN_CPU_MATMUL16_H

#include <stdbool.h>
#include <stddef.h>

/*
 * ops.def's matmul with both factors rounded to 16 bits; the products of two
 * such numbers are exact in float, and so are the sums' operands.  fp16, and
 * bf16 where the processor has none, at the speed of floats.
 */
void bf16_matmul(void *c, const void *a, const void *b, int m, int n, int k,
    int ta, int tb, int how);
void f16_matmul(void *c, const void *a, const void *b, int m, int n, int k,
    int ta, int tb, int how);

/* The most bytes of rounded factors that are held, native or as floats. */
size_t matmul16_scratch(bool native);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_ROUND_H
#define TRAIN_CPU_ROUND_H

#include <stddef.h>
#include <stdint.h>

/*
 * Floats to the nearest number of a 16-bit format, ties to the even one; what
 * is beyond its largest becomes infinite, NaN stays NaN.
 * Source: IEEE 754-2019, 4.3.1; bfloat16: 8 bits of exponent, 7 of fraction.
 */
/* As the format's own bits. */
void round_bf16(uint16_t *to, const float *x, size_t n);
/* As floats; to may be x.  bfloat16, and IEEE's binary16. */
void round_as_bf16(float *to, const float *x, size_t n);
void round_as_f16(float *to, const float *x, size_t n);

#endif

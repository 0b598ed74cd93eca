/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_SORT_H
#define TRAIN_CUDA_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of device memory that sort_tokens() works in. */
size_t sort_size(int n);
/*
 * The numbers 0 .. n in the order of keys[number], equal keys by number, into
 * the first n words of memory (sort_size(n) bytes), which is returned.
 * keys: n of them on the device, in [0, 2^31).
 */
const int32_t *sort_tokens(void *memory, const int32_t *keys, int n);

#endif

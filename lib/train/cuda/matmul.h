/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_MATMUL_H
#define TRAIN_CUDA_MATMUL_H

/* Bytes that the library may use for sums on the way. */
enum { WORKSPACE = 32 << 20 };

/* As cuda_matmul, the factors rounded first: enum ops_type. */
void bf16_matmul(void *c, const void *a, const void *b, int m, int n, int k,
    int ta, int tb, int accumulate);
void f16_matmul(void *c, const void *a, const void *b, int m, int n, int k,
    int ta, int tb, int accumulate);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_GEMM_H
#define TRAIN_CPU_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * c (m,n) = alpha * A (m,k) * B (k,n) + beta * c on the calling thread alone,
 * rows lda, ldb, ldc apart; A is a (m,k) or the transpose of a (k,m), B
 * likewise.  c isn't read if beta is 0.  Thread-safe.
 */
struct gemm {
	bool ta, tb;
	size_t m, n, k;
	float alpha, beta;
	const float *a;
	size_t lda;
	const float *b;
	size_t ldb;
	float *c;
	size_t ldc;
};

void gemm(const struct gemm *g);

/* Does the processor multiply bf16?  If not, gemm_bf16_take() gives NULL. */
bool gemm_has_bf16(void);

/*
 * A product of bf16, set up for one shape: c (m,n) = A (m,k) * B (k,n), + c if
 * add, with sums in float; layouts as in struct gemm.
 */
struct gemm_bf16;

struct gemm_shape {
	bool ta, tb, add;
	size_t m, n, k, lda, ldb, ldc;
};

/* NULL when memory is out.  Takes a lock. */
struct gemm_bf16 *gemm_bf16_take(const struct gemm_shape *s);
void gemm_bf16_give(struct gemm_bf16 *g);
/* Bytes of scratch memory, at 64 bytes, that a run of it needs. */
size_t gemm_bf16_scratch(const struct gemm_bf16 *g);
/* On the calling thread alone; false when memory is out.  Thread-safe. */
bool gemm_bf16_run(const struct gemm_bf16 *g, const uint16_t *a,
    const uint16_t *b, float *c, void *scratch);

#endif

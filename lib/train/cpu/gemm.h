/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_GEMM_H
#define TRAIN_CPU_GEMM_H

#include <stdbool.h>
#include <stddef.h>

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

#endif

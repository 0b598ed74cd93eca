/* SPDX-License-Identifier: MIT */
/*
 * The reference GEMM: takes the library's place where that cannot be built or
 * checked (the thread sanitizer).
 */
#include "train/cpu/gemm.h"

static float
element(const struct gemm *g, size_t i, size_t j)
{
	float s = 0;
	size_t p;

	for (p = 0; p < g->k; p++)
		s += (g->ta ? g->a[p * g->lda + i] : g->a[i * g->lda + p]) *
		     (g->tb ? g->b[j * g->ldb + p] : g->b[p * g->ldb + j]);
	return s;
}

void
gemm(const struct gemm *g)
{
	size_t i, j;
	float *c;

	for (i = 0; i < g->m; i++)
		for (j = 0; j < g->n; j++) {
			c = &g->c[i * g->ldc + j];
			*c = g->alpha * element(g, i, j) +
			     (g->beta == 0 ? 0 : g->beta * *c);
		}
}

bool
gemm_has_bf16(void)
{
	return false;
}

struct gemm_bf16 *
gemm_bf16_take(const struct gemm_shape *s)
{
	(void)s;
	return NULL;
}

void
gemm_bf16_give(struct gemm_bf16 *g)
{
	(void)g;
}

size_t
gemm_bf16_scratch(const struct gemm_bf16 *g)
{
	(void)g;
	return 0;
}

bool
gemm_bf16_run(const struct gemm_bf16 *g, const uint16_t *a, const uint16_t *b,
    float *c, void *scratch)
{
	(void)g;
	(void)a;
	(void)b;
	(void)c;
	(void)scratch;
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "train/cpu/gemm.h"
#include "train/cpu/tiles.h"
#include "train/ops.h"

void
cpu_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	const struct tiles cuts = tiles_cut(m, n);
	int t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < cuts.total; t++) {
		struct tile x = tiles_at(&cuts, t);
		struct gemm g = { .ta = ta,
			.tb = tb,
			.m = x.m,
			.n = x.n,
			.k = (size_t)k,
			.alpha = 1,
			.beta = how & MATMUL_ADD ? 1 : 0,
			.lda = (size_t)(ta ? m : k),
			.ldb = (size_t)(tb ? k : n),
			.ldc = (size_t)n };

		g.a = (const float *)a + (ta ? x.i : x.i * g.lda);
		g.b = (const float *)b + (tb ? x.j * g.ldb : x.j);
		g.c = (float *)c + x.i * g.ldc + x.j;
		gemm(&g);
	}
}

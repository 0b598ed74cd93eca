/* SPDX-License-Identifier: MIT */
#include "train/cpu/gemm.h"
#include "train/ops.h"

/* Fixed tiles of the output: the same sums for any number of threads. */
enum { TILE_M = 256, TILE_N = 768 };

static int
tiles(int n, int tile)
{
	return (n + tile - 1) / tile;
}

static size_t
at_most(int left, int tile)
{
	return (size_t)(left < tile ? left : tile);
}

void
cpu_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int accumulate)
{
	int across = tiles(n, TILE_N), total = tiles(m, TILE_M) * across, t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < total; t++) {
		int i = t / across * TILE_M, j = t % across * TILE_N;
		struct gemm g = { .ta = ta,
			.tb = tb,
			.k = (size_t)k,
			.m = at_most(m - i, TILE_M),
			.n = at_most(n - j, TILE_N),
			.alpha = 1,
			.beta = accumulate ? 1 : 0,
			.lda = (size_t)(ta ? m : k),
			.ldb = (size_t)(tb ? k : n),
			.ldc = (size_t)n };

		g.a = (const float *)a + (ta ? (size_t)i : (size_t)i * g.lda);
		g.b = (const float *)b + (tb ? (size_t)j * g.ldb : (size_t)j);
		g.c = (float *)c + (size_t)i * g.ldc + (size_t)j;
		gemm(&g);
	}
}

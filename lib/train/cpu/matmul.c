/* SPDX-License-Identifier: MIT */
#include "train/cpu/gemm.h"
#include "train/ops.h"

/*
 * The output is cut into tiles, by its shape alone: the sums are the same for
 * any number of threads.  Large tiles pack their inputs less often; a small
 * output gets smaller ones, so that there are some for every thread.
 */
enum { TILE_M = 256, TILE_N = 768, LEAST_M = 64, LEAST_N = 192, ENOUGH = 8 };

struct tiles {
	int m, n;          /* of a tile */
	int across, total; /* tiles */
};

static int
pieces(int n, int tile)
{
	return (n + tile - 1) / tile;
}

static struct tiles
cut(int m, int n)
{
	struct tiles t = { .m = TILE_M, .n = TILE_N };

	while (pieces(m, t.m) * pieces(n, t.n) < ENOUGH &&
	       (t.m > LEAST_M || t.n > LEAST_N)) {
		if (t.m > LEAST_M)
			t.m /= 2;
		else
			t.n /= 2;
	}
	t.across = pieces(n, t.n);
	t.total = pieces(m, t.m) * t.across;
	return t;
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
	const struct tiles cuts = cut(m, n);
	int t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < cuts.total; t++) {
		int i = t / cuts.across * cuts.m, j = t % cuts.across * cuts.n;
		struct gemm g = { .ta = ta,
			.tb = tb,
			.m = at_most(m - i, cuts.m),
			.n = at_most(n - j, cuts.n),
			.k = (size_t)k,
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

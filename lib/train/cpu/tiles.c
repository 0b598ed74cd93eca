/* SPDX-License-Identifier: MIT */
#include "train/cpu/tiles.h"

/*
 * Large tiles pack their inputs less often; a small output gets smaller ones,
 * so that there are some for every thread.
 */
enum { TILE_M = 256, TILE_N = 768, LEAST_M = 64, LEAST_N = 192, ENOUGH = 8 };

static int
pieces(int n, int tile)
{
	return (n + tile - 1) / tile;
}

struct tiles
tiles_cut(int m, int n)
{
	struct tiles t = { .rows = m, .cols = n, .m = TILE_M, .n = TILE_N };

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

struct tile
tiles_at(const struct tiles *t, int which)
{
	int i = which / t->across * t->m, j = which % t->across * t->n;

	return (struct tile){ (size_t)i, (size_t)j, at_most(t->rows - i, t->m),
		at_most(t->cols - j, t->n) };
}

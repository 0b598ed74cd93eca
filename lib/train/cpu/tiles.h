/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CPU_TILES_H
#define TRAIN_CPU_TILES_H

#include <stddef.h>

/*
 * How an output (m,n) of a product is cut into tiles for threads: by its shape
 * alone, so that the sums are the same for any number of threads.
 */
struct tiles {
	int rows, cols;    /* of the output */
	int m, n;          /* of a tile */
	int across, total; /* tiles */
};

/* One of them: where it begins, and its size. */
struct tile {
	size_t i, j, m, n;
};

struct tiles tiles_cut(int m, int n);
struct tile tiles_at(const struct tiles *t, int which);

#endif

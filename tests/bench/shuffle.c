/* SPDX-License-Identifier: MIT */
/*
 * The order of an epoch of 2^32 blocks: is each block there, and once?  All of
 * them are looked at; takes 512 MiB and some minutes of one core.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "mix/shuffle.h"

#define BLOCKS (1ull << 32)

int
main(void)
{
	uint64_t *seen = calloc(BLOCKS / 64, sizeof(*seen)), twice = 0, i;
	const uint64_t key[2] = { 7, 11 };
	double start = progress_now(), s;
	struct shuffle sh;

	if (!seen) {
		fprintf(stderr, "bench: no memory for 2^32 bits\n");
		return 1;
	}
	shuffle_init(&sh, BLOCKS, key);
#pragma omp parallel for schedule(dynamic, 1 << 20) reduction(+ : twice)
	for (i = 0; i < BLOCKS; i++) {
		uint64_t v = shuffle_at(&sh, i), bit = 1ull << v % 64;

		twice +=
		    (__atomic_fetch_or(&seen[v / 64], bit, __ATOMIC_RELAXED) &
			bit) != 0;
	}
	s = progress_now() - start;
	printf("an epoch of 2^32 blocks: %llu of them twice (%.0f s, %.1f ns a "
	       "block)\n",
	    (unsigned long long)twice, s, s / (double)BLOCKS * 1e9);
	free(seen);
	return twice != 0;
}

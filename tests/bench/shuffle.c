/* SPDX-License-Identifier: MIT */
/*
 * The order of an epoch of 2^32 blocks (or 2^BITS, the argument): is each block
 * there, and once?  All of them are looked at; takes 512 MiB and some seven
 * minutes of one core.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "mix/shuffle.h"

enum { AT_ONCE = 64 };

/* So many blocks from `from` on; how many were there already.  Their places
 * are asked for before any is waited for. */
static uint64_t
mark(const struct shuffle *sh, uint64_t from, uint64_t *seen)
{
	uint64_t v[AT_ONCE], twice = 0, bit;
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		v[i] = shuffle_at(sh, from + (uint64_t)i);
		__builtin_prefetch(&seen[v[i] / 64], 1);
	}
	for (i = 0; i < AT_ONCE; i++) {
		bit = 1ull << v[i] % 64;
		twice += (__atomic_fetch_or(
			      &seen[v[i] / 64], bit, __ATOMIC_RELAXED) &
			     bit) != 0;
	}
	return twice;
}

int
main(int argc, char **argv)
{
	int bits = argc > 1 ? atoi(argv[1]) : 32;
	uint64_t blocks = 1ull << (bits >= 6 && bits < 40 ? bits : 32);
	uint64_t *seen = calloc(blocks / 64, sizeof(*seen)), twice = 0, i;
	const uint64_t key[2] = { 7, 11 };
	double start = progress_now(), s;
	struct shuffle sh;

	if (!seen) {
		fprintf(stderr, "bench: no memory for a bit a block\n");
		return 1;
	}
	shuffle_init(&sh, blocks, key);
#pragma omp parallel for schedule(dynamic, 1 << 14) reduction(+ : twice)
	for (i = 0; i < blocks / AT_ONCE; i++)
		twice += mark(&sh, i * AT_ONCE, seen);
	s = progress_now() - start;
	printf("an epoch of %llu blocks: %llu of them twice (%.0f s, %.1f ns a "
	       "block)\n",
	    (unsigned long long)blocks, (unsigned long long)twice, s,
	    s / (double)blocks * 1e9);
	free(seen);
	return twice != 0;
}

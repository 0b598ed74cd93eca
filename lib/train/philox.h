/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PHILOX_H
#define TRAIN_PHILOX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Random numbers without state: Philox4x32-10, keyed by a seed and asked by
 * address, so that a run resumed anywhere draws what it would have drawn.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11.
 */
struct philox {
	uint32_t v[4];
};

/* The block at (stream, index) for seed. */
struct philox philox(uint64_t seed, uint64_t stream, uint64_t index);
/* Uniform in [0, 1). */
double philox_uniform(uint64_t seed, uint64_t stream, uint64_t index);
/*
 * Normal values first .. first + n of the given deviation: value i depends on
 * (seed, stream, i) only.  first must be even.
 * Source: Box and Muller, 1958.
 */
void philox_normal(float *out, size_t n, double std, uint64_t seed,
    uint64_t stream, uint64_t first);
/* Ten rounds on counter and key: for the published test vectors. */
struct philox philox_block(struct philox counter, uint32_t key[2]);

#endif

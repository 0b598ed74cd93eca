/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SIGNER_H
#define DEDUP_SIGNER_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * MinHash signatures and their band keys.
 *
 * A signature has nband * nrow values: for each, the least
 *
 *	a * (low half of h) + b * (high half of h)  mod 2^32,  a, b odd
 *
 * over the hashes h of a set.  The chance that two sets agree in a value is
 * their Jaccard similarity J; that they agree in all values of a band and so
 * have a key in common: 1 - (1 - J^nrow)^nband.
 *
 * Why this family: linear maps are min-wise independent in the limit for sets
 * that are random, and these are (the elements are hashes); two 32-bit
 * multiplications go eight or sixteen to an instruction.  The unit test
 * compares mean and variance of the estimate with the binomial ones.
 *
 * Source: Broder, Charikar, Frieze, Mitzenmacher, Min-wise independent
 * permutations (2000); Bohman, Cooper, Frieze, Min-wise independent linear
 * permutations (2000), theorem 2; bands: Leskovec, Rajaraman, Ullman, Mining
 * of massive datasets, 3.4.
 */
struct signer {
	size_t nband, nrow;
	size_t npad; /* nband * nrow rounded up: values in a signature */
	uint32_t *a, *b;
	void (*sign)(const struct signer *s, const uint64_t *set, size_t n,
	    uint32_t *signature);
	/* Instead, datatrove's. */
	uint64_t *wide_a, *wide_b;
	void (*sign_wide)(const struct signer *s, const uint64_t *set, size_t n,
	    uint64_t *signature);
};

/* a and b follow from seed; picks the widest instructions there are. */
int signer_init(
    struct signer *s, size_t nband, size_t nrow, uint64_t seed, struct err *e);
/*
 * The permutations of datatrove instead, in 64 bits:
 *
 *	((a * h + b) mod 2^64) mod (2^61 - 1)
 *
 * with a, then b, from a Mersenne twister, as NumPy's RandomState(1) draws
 * them.
 * Source: datatrove 0.10, pipeline/dedup/minhash.py.
 */
int signer_init_datatrove(
    struct signer *s, size_t nband, size_t nrow, struct err *e);
void signer_free(struct signer *s);
/* Bytes of a signature, for scratch. */
size_t signer_bytes(const struct signer *s);
/*
 * keys[nband] of a set of n >= 1 hashes; signature is scratch for npad values
 * of 32 bits, or 64 with datatrove's permutations.  The same on every machine.
 * Thread-safe.
 */
void signer_keys(const struct signer *s, const uint64_t *set, size_t n,
    void *signature, uint64_t *keys);
/* The chance that sets of similarity j have a key in common. */
double signer_recall(size_t nband, size_t nrow, double j);

#endif

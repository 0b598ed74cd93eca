/* SPDX-License-Identifier: MIT */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Hashes.  All give the same value on every machine and SIMD level.
 * Source: XXH3 (xxHash 0.8 specification); mix64 is the finaliser of
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
 */
struct hash128 {
	uint64_t lo, hi;
};

/* A running SHA-256 (FIPS 180-4), for digests that people compare. */
struct sha256;

#ifdef __cplusplus
extern "C" {
#endif
uint64_t hash64(const void *p, size_t n, uint64_t seed);
struct hash128 hash128(const void *p, size_t n);

/* NULL when memory is out. */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *s, const void *p, size_t n);
/* The digest's 32 bytes; starts over afterwards. */
void sha256_raw(struct sha256 *s, unsigned char digest[32]);
/* As sha256_raw(), as 64 hexadecimal digits and a NUL. */
void sha256_hex(struct sha256 *s, char hex[65]);
void sha256_free(struct sha256 *s);
#ifdef __cplusplus
}
#endif

/* A bijection of 64-bit numbers that scatters them well. */
static inline uint64_t
mix64(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

#endif

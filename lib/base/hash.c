/* SPDX-License-Identifier: MIT */
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "base/hash.h"

struct sha256 {
	struct sha256_ctx ctx;
};

uint64_t
hash64(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

struct hash128
hash128(const void *p, size_t n)
{
	XXH128_hash_t h = XXH3_128bits(p, n);

	return (struct hash128){ h.low64, h.high64 };
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *s = malloc(sizeof(*s));

	if (s)
		sha256_init(&s->ctx);
	return s;
}

void
sha256_add(struct sha256 *s, const void *p, size_t n)
{
	sha256_update(&s->ctx, n, p);
}

void
sha256_raw(struct sha256 *s, unsigned char digest[32])
{
	sha256_digest(&s->ctx, SHA256_DIGEST_SIZE, digest);
}

void
sha256_hex(struct sha256 *s, char hex[65])
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	int i;

	sha256_raw(s, digest);
	for (i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void
sha256_free(struct sha256 *s)
{
	free(s);
}

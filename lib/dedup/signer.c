/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/signer.h"
#include "dedup/twister.h"

enum { LANES = 16, AT_ONCE = 4 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint32_t
least(uint32_t x, uint32_t y)
{
	return x < y ? x : y;
}

/* AT_ONCE hashes against all permutations: one load and store of m for four. */
ALWAYS_INLINE void
sign_four(const uint32_t *restrict a, const uint32_t *restrict b, size_t npad,
    const uint64_t *h, uint32_t *restrict m)
{
	uint32_t l0 = (uint32_t)h[0], h0 = (uint32_t)(h[0] >> 32);
	uint32_t l1 = (uint32_t)h[1], h1 = (uint32_t)(h[1] >> 32);
	uint32_t l2 = (uint32_t)h[2], h2 = (uint32_t)(h[2] >> 32);
	uint32_t l3 = (uint32_t)h[3], h3 = (uint32_t)(h[3] >> 32);
	size_t j;

#pragma omp simd
	for (j = 0; j < npad; j++) {
		uint32_t x =
		    least(a[j] * l0 + b[j] * h0, a[j] * l1 + b[j] * h1);
		uint32_t y =
		    least(a[j] * l2 + b[j] * h2, a[j] * l3 + b[j] * h3);

		m[j] = least(m[j], least(x, y));
	}
}

ALWAYS_INLINE void
sign_all(const struct signer *s, const uint64_t *set, size_t n, uint32_t *m)
{
	uint64_t last[AT_ONCE];
	size_t i;

	for (i = 0; i < s->npad; i++)
		m[i] = UINT32_MAX;
	for (i = 0; i + AT_ONCE <= n; i += AT_ONCE)
		sign_four(s->a, s->b, s->npad, set + i, m);
	if (i == n)
		return;
	/* A hash that comes twice changes no least value. */
	for (size_t k = 0; k < AT_ONCE; k++)
		last[k] = set[i + k < n ? i + k : n - 1];
	sign_four(s->a, s->b, s->npad, last, m);
}

static void
sign_plain(const struct signer *s, const uint64_t *set, size_t n, uint32_t *m)
{
	sign_all(s, set, n, m);
}

/* 2^61 - 1 */
#define PRIME 0x1fffffffffffffffu

/* ((a h + b) mod 2^64) mod PRIME: 2^61 is 1, so that three bits wrap round. */
ALWAYS_INLINE void
sign_all_wide(
    const struct signer *s, const uint64_t *set, size_t n, uint64_t *restrict m)
{
	const uint64_t *restrict a = s->wide_a, *restrict b = s->wide_b;
	size_t i, j;

	for (j = 0; j < s->npad; j++)
		m[j] = UINT64_MAX;
	for (i = 0; i < n; i++) {
#pragma omp simd
		for (j = 0; j < s->npad; j++) {
			uint64_t x = a[j] * set[i] + b[j];

			x = (x & PRIME) + (x >> 61);
			x = x >= PRIME ? x - PRIME : x;
			m[j] = x < m[j] ? x : m[j];
		}
	}
}

static void
wide_plain(const struct signer *s, const uint64_t *set, size_t n, uint64_t *m)
{
	sign_all_wide(s, set, n, m);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
wide_avx2(const struct signer *s, const uint64_t *set, size_t n, uint64_t *m)
{
	sign_all_wide(s, set, n, m);
}

__attribute__((target("avx512f,avx512dq"))) static void
wide_avx512(const struct signer *s, const uint64_t *set, size_t n, uint64_t *m)
{
	sign_all_wide(s, set, n, m);
}

__attribute__((target("avx2"))) static void
sign_avx2(const struct signer *s, const uint64_t *set, size_t n, uint32_t *m)
{
	sign_all(s, set, n, m);
}

__attribute__((target("avx512f"))) static void
sign_avx512(const struct signer *s, const uint64_t *set, size_t n, uint32_t *m)
{
	sign_all(s, set, n, m);
}

static void
choose(struct signer *s)
{
	if (__builtin_cpu_supports("avx512f"))
		s->sign = sign_avx512;
	else if (__builtin_cpu_supports("avx2"))
		s->sign = sign_avx2;
	if (__builtin_cpu_supports("avx512dq"))
		s->sign_wide = wide_avx512;
	else if (__builtin_cpu_supports("avx2"))
		s->sign_wide = wide_avx2;
}
#else
static void
choose(struct signer *s)
{
	(void)s;
}
#endif

int
signer_init(
    struct signer *s, size_t nband, size_t nrow, uint64_t seed, struct err *e)
{
	size_t i;
	uint64_t x;

	*s = (struct signer){ .nband = nband,
		.nrow = nrow,
		.npad = (nband * nrow + LANES - 1) / LANES * LANES,
		.sign = sign_plain };
	s->a = calloc(s->npad, sizeof(*s->a));
	s->b = calloc(s->npad, sizeof(*s->b));
	if (!s->a || !s->b) {
		signer_free(s);
		return err_nomem(e, "permutations");
	}
	for (i = 0; i < s->npad; i++) {
		x = mix64(mix64(seed) + (i + 1) * 0x9e3779b97f4a7c15u);
		s->a[i] = (uint32_t)x | 1;
		s->b[i] = (uint32_t)(x >> 32) | 1;
	}
	choose(s);
	return 0;
}

int
signer_init_datatrove(
    struct signer *s, size_t nband, size_t nrow, struct err *e)
{
	size_t i, n = nband * nrow;
	struct twister t;

	*s = (struct signer){ .nband = nband,
		.nrow = nrow,
		.npad = (n + LANES - 1) / LANES * LANES,
		.sign_wide = wide_plain };
	s->wide_a = calloc(s->npad, sizeof(*s->wide_a));
	s->wide_b = calloc(s->npad, sizeof(*s->wide_b));
	if (!s->wide_a || !s->wide_b) {
		signer_free(s);
		return err_nomem(e, "permutations");
	}
	twister_init(&t, 1);
	for (i = 0; i < n; i++)
		s->wide_a[i] = twister_between(&t, 1, PRIME - 1);
	for (i = 0; i < n; i++)
		s->wide_b[i] = twister_between(&t, 0, PRIME - 1);
	choose(s);
	return 0;
}

void
signer_free(struct signer *s)
{
	free(s->a);
	free(s->b);
	free(s->wide_a);
	free(s->wide_b);
	s->a = s->b = NULL;
	s->wide_a = s->wide_b = NULL;
}

size_t
signer_bytes(const struct signer *s)
{
	return s->npad * (s->wide_a ? sizeof(uint64_t) : sizeof(uint32_t));
}

void
signer_keys(const struct signer *s, const uint64_t *set, size_t n,
    void *signature, uint64_t *keys)
{
	size_t i, row = s->nrow * (signer_bytes(s) / s->npad);

	if (s->wide_a)
		s->sign_wide(s, set, n, signature);
	else
		s->sign(s, set, n, signature);
	for (i = 0; i < s->nband; i++)
		keys[i] = hash64((const char *)signature + i * row, row, 0);
}

double
signer_recall(size_t nband, size_t nrow, double j)
{
	return 1 - pow(1 - pow(j, (double)nrow), (double)nband);
}

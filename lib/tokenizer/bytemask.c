/* SPDX-License-Identifier: MIT */
#include "bytemask.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#ifdef __x86_64__
#	include <immintrin.h>
#endif

static void
mask_plain(struct bytemask *m, const uint8_t *p)
{
	uint64_t bit = 1;

	memset(m, 0, sizeof(*m));
	for (; bit; bit <<= 1, p++) {
		uint8_t c = *p, low = c | 0x20;

		m->letter |= low >= 'a' && low <= 'z' ? bit : 0;
		m->upper |= c >= 'A' && c <= 'Z' ? bit : 0;
		m->digit |= c >= '0' && c <= '9' ? bit : 0;
		m->white |= c == ' ' || (c >= 9 && c <= 13) ? bit : 0;
		m->eol |= c == '\n' || c == '\r' ? bit : 0;
		m->space |= c == ' ' ? bit : 0;
		m->quote |= c == '\'' ? bit : 0;
		m->slash |= c == '/' ? bit : 0;
		m->high |= c >= 0x80 ? bit : 0;
	}
}

#ifdef __x86_64__

/*
 * Ranges by signed compares: what is moved to the lowest numbers is less than
 * the range's end there.  `shift` moves the range's first.
 */
#	define RANGE_SHIFT(from) ((char)(128 - (from)))
#	define RANGE_END(n) ((char)(-128 + (n)))

static inline unsigned
sse2_range(__m128i v, char shift, char end)
{
	v = _mm_add_epi8(v, _mm_set1_epi8(shift));
	return (unsigned)_mm_movemask_epi8(
	    _mm_cmplt_epi8(v, _mm_set1_epi8(end)));
}

static inline unsigned
sse2_is(__m128i v, char c)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

static void
mask_sse2(struct bytemask *m, const uint8_t *p)
{
	int i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < BYTEMASK; i += 16) {
		__m128i v = _mm_loadu_si128((const void *)(p + i));
		__m128i low = _mm_or_si128(v, _mm_set1_epi8(0x20));
		uint64_t space = sse2_is(v, ' ');
		uint64_t eol = sse2_is(v, '\n') | sse2_is(v, '\r');

		m->letter |=
		    (uint64_t)sse2_range(low, RANGE_SHIFT('a'), RANGE_END(26))
		    << i;
		m->upper |=
		    (uint64_t)sse2_range(v, RANGE_SHIFT('A'), RANGE_END(26))
		    << i;
		m->digit |=
		    (uint64_t)sse2_range(v, RANGE_SHIFT('0'), RANGE_END(10))
		    << i;
		m->white |=
		    (space | sse2_range(v, RANGE_SHIFT(9), RANGE_END(5))) << i;
		m->eol |= eol << i;
		m->space |= space << i;
		m->quote |= (uint64_t)sse2_is(v, '\'') << i;
		m->slash |= (uint64_t)sse2_is(v, '/') << i;
		m->high |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << i;
	}
}

#	define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t
avx2_bits(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

AVX2 static inline __m256i
avx2_in(__m256i v, char shift, char end)
{
	v = _mm256_add_epi8(v, _mm256_set1_epi8(shift));
	return _mm256_cmpgt_epi8(_mm256_set1_epi8(end), v);
}

AVX2 static inline uint64_t
avx2_range(__m256i a, __m256i b, char shift, char end)
{
	return avx2_bits(avx2_in(a, shift, end), avx2_in(b, shift, end));
}

AVX2 static inline uint64_t
avx2_is(__m256i a, __m256i b, char c)
{
	__m256i x = _mm256_set1_epi8(c);

	return avx2_bits(_mm256_cmpeq_epi8(a, x), _mm256_cmpeq_epi8(b, x));
}

AVX2 static void
mask_avx2(struct bytemask *m, const uint8_t *p)
{
	__m256i a = _mm256_loadu_si256((const void *)p);
	__m256i b = _mm256_loadu_si256((const void *)(p + 32));
	__m256i fold = _mm256_set1_epi8(0x20);

	m->letter = avx2_range(_mm256_or_si256(a, fold),
	    _mm256_or_si256(b, fold), RANGE_SHIFT('a'), RANGE_END(26));
	m->upper = avx2_range(a, b, RANGE_SHIFT('A'), RANGE_END(26));
	m->digit = avx2_range(a, b, RANGE_SHIFT('0'), RANGE_END(10));
	m->space = avx2_is(a, b, ' ');
	m->white = m->space | avx2_range(a, b, RANGE_SHIFT(9), RANGE_END(5));
	m->eol = avx2_is(a, b, '\n') | avx2_is(a, b, '\r');
	m->quote = avx2_is(a, b, '\'');
	m->slash = avx2_is(a, b, '/');
	m->high = avx2_bits(a, b);
}

#	define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t
avx512_range(__m512i v, char from, char n)
{
	v = _mm512_sub_epi8(v, _mm512_set1_epi8(from));
	return _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(n));
}

AVX512 static inline uint64_t
avx512_is(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

AVX512 static void
mask_avx512(struct bytemask *m, const uint8_t *p)
{
	__m512i v = _mm512_loadu_si512(p);

	m->letter =
	    avx512_range(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), 'a', 26);
	m->upper = avx512_range(v, 'A', 26);
	m->digit = avx512_range(v, '0', 10);
	m->space = avx512_is(v, ' ');
	m->white = m->space | avx512_range(v, 9, 5);
	m->eol = avx512_is(v, '\n') | avx512_is(v, '\r');
	m->quote = avx512_is(v, '\'');
	m->slash = avx512_is(v, '/');
	m->high = _mm512_movepi8_mask(v);
}

#endif

/* NULL where the processor lacks it. */
static bytemask_fn *
of_level(enum bytemask_level level)
{
	switch (level) {
#ifdef __x86_64__
	case BYTEMASK_AVX512:
		return __builtin_cpu_supports("avx512bw") ? mask_avx512 : NULL;
	case BYTEMASK_AVX2:
		return __builtin_cpu_supports("avx2") ? mask_avx2 : NULL;
	case BYTEMASK_SSE2:
		return mask_sse2;
#endif
	case BYTEMASK_PLAIN:
		return mask_plain;
	default:
		return NULL;
	}
}

static _Atomic(bytemask_fn *) best;

bool
bytemask_force(enum bytemask_level level)
{
	bytemask_fn *f = of_level(level);

	if (f)
		atomic_store(&best, f);
	return f != NULL;
}

bytemask_fn *
bytemask_best(void)
{
	bytemask_fn *f = atomic_load_explicit(&best, memory_order_relaxed);
	int level;

	for (level = BYTEMASK_LEVELS - 1; !f; level--)
		f = of_level((enum bytemask_level)level);
	atomic_store_explicit(&best, f, memory_order_relaxed);
	return f;
}

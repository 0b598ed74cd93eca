/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dedup/sort.h"

enum { DIGITS = 8, VALUES = 256, SMALL = 48, WIDEST = 16 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Each element begins with its 64-bit key. */
ALWAYS_INLINE uint64_t
key_at(const char *p)
{
	uint64_t key;

	memcpy(&key, p, sizeof(key));
	return key;
}

ALWAYS_INLINE void
insertion(char *v, size_t n, size_t width)
{
	char x[WIDEST];
	size_t i, j;

	for (i = 1; i < n; i++) {
		memcpy(x, v + i * width, width);
		for (j = i; j && key_at(v + (j - 1) * width) > key_at(x); j--)
			memcpy(v + j * width, v + (j - 1) * width, width);
		memcpy(v + j * width, x, width);
	}
}

/* Where each value of digit d begins. */
static void
prefix_sums(size_t count[VALUES])
{
	size_t i, n, at = 0;

	for (i = 0; i < VALUES; i++) {
		n = count[i];
		count[i] = at;
		at += n;
	}
}

/* Least significant digit first; none that all keys have in common. */
ALWAYS_INLINE void
radix(char *v, char *tmp, size_t n, size_t width)
{
	size_t count[DIGITS][VALUES] = { { 0 } };
	size_t i, d, to;
	uint64_t key;
	char *swap, *first = v;

	for (i = 0; i < n; i++) {
		key = key_at(v + i * width);
		for (d = 0; d < DIGITS; d++)
			count[d][key >> 8 * d & 0xff]++;
	}
	for (d = 0; d < DIGITS; d++) {
		if (count[d][key_at(v) >> 8 * d & 0xff] == n)
			continue;
		prefix_sums(count[d]);
		for (i = 0; i < n; i++) {
			key = key_at(v + i * width);
			to = count[d][key >> 8 * d & 0xff]++;
			memcpy(tmp + to * width, v + i * width, width);
		}
		swap = v;
		v = tmp;
		tmp = swap;
	}
	if (v != first)
		memcpy(first, v, n * width);
}

/* width is a constant in each caller, so that the copies are moves. */
ALWAYS_INLINE void
sort(void *v, void *tmp, size_t n, size_t width)
{
	if (n <= SMALL)
		insertion(v, n, width);
	else
		radix(v, tmp, n, width);
}

void
sort_hashes(uint64_t *v, uint64_t *tmp, size_t n)
{
	sort(v, tmp, n, sizeof(*v));
}

void
sort_keyed(struct keyed *v, struct keyed *tmp, size_t n)
{
	sort(v, tmp, n, sizeof(*v));
}

void
sort_pairs(struct pair *v, struct pair *tmp, size_t n)
{
	sort(v, tmp, n, sizeof(*v));
}

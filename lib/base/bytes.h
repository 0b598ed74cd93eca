/* SPDX-License-Identifier: MIT */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Sixteen bytes at a time, by GCC's vectors: SSE2 or NEON where they are, the
 * same results anywhere.  A comparison makes a byte 255 where it holds, and is
 * to be cast:
 *
 *	bytes c = bytes_load(p);
 *	if (bytes_any((bytes)(c == '\n'))) ...
 */
typedef unsigned char bytes __attribute__((vector_size(16)));
enum { BYTES = sizeof(bytes) };

static inline bytes
bytes_load(const void *p)
{
	bytes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Is a bit set? */
static inline bool
bytes_any(bytes v)
{
	uint64_t part[2];

	memcpy(part, &v, sizeof(part));
	return part[0] | part[1];
}

/* Of bytes that are 0 or 255 a bit each, the first byte's the lowest. */
static inline uint32_t
bytes_mask(bytes v)
{
#ifdef __SSE2__
	typedef char sse __attribute__((vector_size(16)));

	return (uint32_t)__builtin_ia32_pmovmskb128((sse)v);
#else
	const uint64_t low = UINT64_C(0x0101010101010101);
	const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	/* Bit 8 i, of the first byte lowest or highest, to bit 56 + i. */
	const uint64_t gather = little ? UINT64_C(0x0102040810204080)
				       : UINT64_C(0x8040201008040201);
	uint64_t part[2];

	memcpy(part, &v, sizeof(part));
	return (uint32_t)((part[0] & low) * gather >> 56) |
	       (uint32_t)((part[1] & low) * gather >> 56) << 8;
#endif
}

/* The first of bytes that are 0 or 255 and not all 0. */
static inline uint32_t
bytes_first(bytes v)
{
	return (uint32_t)__builtin_ctz(bytes_mask(v));
}

/* The sum of bytes that are 15 at most. */
static inline uint32_t
bytes_sum(bytes v)
{
	uint64_t part[2];

	memcpy(part, &v, sizeof(part));
	return (
	    uint32_t)((part[0] + part[1]) * UINT64_C(0x0101010101010101) >> 56);
}

/*
 * The first place in p .. end where a and b stand behind each other, bytes
 * being taken with the bits of fold set (0x20: letters of ASCII, a and b small,
 * in any case); end if nowhere.
 */
static inline const char *
bytes_pair(const char *p, const char *end, unsigned char a, unsigned char b,
    unsigned char fold)
{
	for (; end - p > BYTES; p += BYTES)
		if (bytes_any((bytes)(((bytes_load(p) | fold) == a) &
				      ((bytes_load(p + 1) | fold) == b))))
			break;
	for (; end - p > 1; p++)
		if (((unsigned char)*p | fold) == a &&
		    ((unsigned char)p[1] | fold) == b)
			return p;
	return end;
}

#endif

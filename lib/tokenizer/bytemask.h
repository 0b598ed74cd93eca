/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_BYTEMASK_H
#define TOKENIZER_BYTEMASK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of 64 bytes are of an ASCII class, as bits, the first byte's lowest.
 * Each processor's way gives the same.
 */
enum { BYTEMASK = 64 };

struct bytemask {
	uint64_t letter, upper, digit; /* A-Z a-z; A-Z; 0-9 */
	uint64_t white;                /* \t \n \v \f \r and space */
	uint64_t eol;                  /* \n \r */
	uint64_t space, quote, slash;  /* these three */
	uint64_t high;                 /* not ASCII */
};

typedef void bytemask_fn(struct bytemask *m, const uint8_t *p);

/* The fastest that this processor has.  Thread-safe. */
bytemask_fn *bytemask_best(void);

/* From the plainest to the fastest. */
enum bytemask_level {
	BYTEMASK_PLAIN,
	BYTEMASK_SSE2,
	BYTEMASK_AVX2,
	BYTEMASK_AVX512,
	BYTEMASK_LEVELS
};

/*
 * For tests: let bytemask_best() give this level; false if the processor
 * lacks it.
 */
bool bytemask_force(enum bytemask_level level);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Numbers as people write them.  Trailing junk, a sign where there can be
 * none, and values that don't fit are errors (ERR_ARG) that quote the text.
 */
int num_u64(const char *s, uint64_t *v, struct err *e);
int num_double(const char *s, double *v, struct err *e);
/* Memory and files: K M G T are powers of 1024; "1.5G" is fine. */
int num_size(const char *s, uint64_t *v, struct err *e);
/* Tokens: K M B T are powers of 1000; "2.5B" is fine. */
int num_count(const char *s, uint64_t *v, struct err *e);

enum { NUM_DIGITS = 20 /* of the largest uint64_t */ };

/* Write v in decimal at `to`, which has room for NUM_DIGITS; its end. */
char *num_decimal(char *to, uint64_t v);

/* a * b in *v; false if it does not fit. */
static inline bool
num_mul(size_t a, size_t b, size_t *v)
{
	return !__builtin_mul_overflow(a, b, v);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PII_FIND_H
#define FILTER_PII_FIND_H

/* What the finders of personal data share: pii.c and pii_*.c only. */

#include <stdbool.h>

#include "filter/pii.h"

/* Append a span; ERR_NOMEM. */
int pii_add(struct pii_found *f, enum pii_type type, size_t at, size_t n,
    struct err *e);

int pii_find_email(struct str text, struct pii_found *f, struct err *e);
int pii_find_ip(struct str text, struct pii_found *f, struct err *e);

/*
 * Bytes of the dotted IPv4 address that [p, end) begins with, its four numbers
 * in *ip; 0 if there is none.  What follows isn't looked at, but for a digit.
 */
size_t pii_ipv4(const char *p, const char *end, uint32_t *ip);

static inline bool
pii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
pii_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool
pii_alnum(char c)
{
	return pii_digit(c) || pii_letter(c);
}

/* Does a word go on with the character that ends before / begins at p? */
bool pii_word_before(const char *start, const char *p, const char *end);
bool pii_word_at(const char *p, const char *end);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PII_FIND_H
#define FILTER_PII_FIND_H

/* What the finders of personal data share: pii*.c only. */

#include <stdbool.h>

#include "filter/pii.h"

/* Append a span; ERR_NOMEM. */
int pii_add(struct pii_found *f, enum pii_type type, size_t at, size_t n,
    struct err *e);

/* Finders: of all in a text what is of the types that they know. */
int pii_find_email(struct str text, struct pii_found *f, struct err *e);
int pii_find_ip(struct str text, struct pii_found *f, struct err *e);
int pii_find_mac(struct str text, struct pii_found *f, struct err *e);
int pii_find_url(struct str text, struct pii_found *f, struct err *e);
int pii_find_armour(struct str text, struct pii_found *f, struct err *e);
/* All types that are words with digits in them, or numbers. */
int pii_find_digits(
    struct str text, unsigned types, struct pii_found *f, struct err *e);

/*
 * Something found, [from, to).  The checks below look at the digits that begin
 * at p (numbers: at their first one; words: at the first byte of a run of ASCII
 * letters and digits that ends at `to`) and say whether they are something.
 */
struct pii_match {
	enum pii_type type;
	const char *from, *to;
};

bool pii_is_phone(struct str text, const char *p, struct pii_match *m);
bool pii_is_card(struct str text, const char *p, struct pii_match *m);
bool pii_is_ssn(struct str text, const char *p, struct pii_match *m);
bool pii_is_geo(struct str text, const char *p, struct pii_match *m);
/* Numbers with a nation's check digits. */
bool pii_is_nation(
    struct str text, const char *p, unsigned types, struct pii_match *m);
bool pii_is_iban(
    struct str text, const char *p, const char *to, struct pii_match *m);
bool pii_is_secret(
    struct str text, const char *p, const char *to, struct pii_match *m);
bool pii_is_crypto(
    struct str text, const char *p, const char *to, struct pii_match *m);
/* Words with a nation's check digits or letters. */
bool pii_is_nation_word(struct str text, const char *p, const char *to,
    unsigned types, struct pii_match *m);

/*
 * Does one of the words (in lower case, with a space or more between two that
 * belong together, NULL behind the last) stand in the n bytes before p?
 */
bool
pii_cue(struct str text, const char *p, size_t n, const char *const *words);

/*
 * Bytes of the dotted IPv4 address that [p, end) begins with, its four numbers
 * in *ip; 0 if there is none.  What follows isn't looked at, but for a digit.
 */
size_t pii_ipv4(const char *p, const char *end, uint32_t *ip);

/*
 * The digits of a number at p in out, with single spaces or hyphens between
 * groups of them, the same between all; up to max digits.  Returns how many, 0
 * if more follow; *to: behind the last; groups: digits of each, 0 behind them.
 */
int pii_grouped(const char *p, const char *end, char *out, int max,
    const char **to, unsigned char groups[8]);

/* Is the sum of Luhn's check over n digits right?  Source: ISO/IEC 7812-1. */
bool pii_luhn(const char *digits, int n);

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

/* Of a hexadecimal digit, else -1. */
static inline int
pii_hex(char c)
{
	if (pii_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Does a word go on with the character that ends before / begins at p? */
bool pii_word_before(const char *start, const char *p, const char *end);
bool pii_word_at(const char *p, const char *end);

#endif

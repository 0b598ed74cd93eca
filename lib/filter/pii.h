/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PII_H
#define FILTER_PII_H

#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * Personal data in text (filter/pii.def).  What a type needs to be one:
 *
 * email	local@domain: the local part at most 64 bytes of letters, digits
 *		and . _ + - ', beginning with none of the last four but _; the
 *		domain at least two labels, the last of letters and no suffix
 *		of image files (icon@2x.png), or an IPv4 address in brackets.
 *		Letters are those of ASCII and, below U+0590, of other scripts.
 * phone	+, a country and up to 15 digits; 212-555-0100 with North
 *		America's groups; 6 to 15 digits in groups near a word such as
 *		phone, call, fax.  No dates, no spans of years.
 * ip		IPv4 and IPv6 addresses that are global: no private, reserved,
 *		documentation or multicast ones.  IPv4: four numbers up to 255
 *		without leading zeros that are no part of a longer word, number
 *		or dotted row, nor the number of a version or section.  IPv6:
 *		with :: only in 2000::/3, so that a::b of program code is none;
 *		with a group of over two digits, so that bytes are none.
 * card		an issuer's range and length, Luhn's check; of under 15 digits,
 *		or in no known range, near a word such as card.
 * iban		a country's length, ISO 7064's check.
 * ssn		000-00-0000 in areas and groups given out; without hyphens near
 *		ssn or social security.
 * mac		six pairs of hexadecimal digits, no group's address.
 * geo		degrees with N S E W; two numbers with four decimals near a
 *		word such as latitude, gps, location.
 * crypto	Base58Check and Bech32 by their checksums; 0x and 40 digits.
 * url_credentials	user:password between :// and @.
 * api_key	services' prefixes with as many characters as theirs have;
 *		twenty or more behind a name such as api_key.
 * private_key	PEM armour.
 * id_XX	the country's check digits; short ones near their names.
 *
 * Source: RFC 5321, 4.5.3.1 (lengths); RFC 4291, 2.2 (IPv6 text); the IANA
 * special-purpose address registries of 2024 (global); the rest is named in
 * pii_*.c.
 */
enum pii_type {
#define PII(type, name, what) PII_##type,
#include "filter/pii.def"
#undef PII
	PII_TYPES
};

struct pii_span {
	enum pii_type type;
	uint32_t at, n; /* bytes of the text */
};

/* What was found in a text, by position, without overlaps. */
struct pii_found {
	struct pii_span *v;
	size_t n, cap;
	uint32_t count[PII_TYPES];
};

/* "email", and what it is; NULL behind the last. */
const char *pii_name(int type);
const char *pii_about(int type);
/* The set (1 << type) of a list of names; ERR_ARG names the known ones. */
int
pii_types(const struct str *names, size_t n, unsigned *types, struct err *e);

/*
 * Find what is of the given types in text (valid UTF-8, < 2^32 bytes), in time
 * linear in its bytes.  f is cleared first; its memory is reused.  Thread-safe
 * with an f a thread.
 */
int
pii_find(struct str text, unsigned types, struct pii_found *f, struct err *e);
void pii_free(struct pii_found *f);

/*
 * The text with every span replaced by its shape: letters by x or X, digits by
 * 0, marks as they are.
 */
int pii_mask(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e);
/* The text with every span replaced by its tag: |||EMAIL|||, |||IP|||. */
int pii_tag(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e);
/*
 * The text with every span replaced by one of the same kind that is nobody's:
 * an address at example.com, one of a documentation network, a number that is
 * not given out or fails its check.  It depends on key and value only, by
 * HMAC-SHA-256: the same value has the same pseudonym everywhere, and without
 * the key nothing leads back.  Source: RFC 2104.
 */
int pii_pseudonym(struct str text, const struct pii_found *f, struct str key,
    struct buf *out, struct err *e);

/* {"email":2,"ip":1}: of the types that were found. */
void pii_counts_json(const struct pii_found *f, struct buf *out);
/* [{"type":"email","start":3,"end":20},...] */
void pii_spans_json(const struct pii_found *f, struct buf *out);

#endif

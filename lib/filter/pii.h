/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PII_H
#define FILTER_PII_H

#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * Personal data in text.
 *
 * email	local@domain: the local part at most 64 bytes of letters, digits
 *		and . _ + - ', beginning with none of the last four but _; the
 *		domain at least two labels, the last of letters and no suffix
 *		of image files (icon@2x.png), or an IPv4 address in brackets.
 *		Letters are those of ASCII and, below U+0590, of other scripts.
 * ip		IPv4 and IPv6 addresses that are global: no private, reserved,
 *		documentation or multicast ones.  IPv4: four numbers up to 255
 *		without leading zeros that are no part of a longer word, number
 *		or dotted row, nor the number of a version or section.  IPv6:
 *		with :: only in 2000::/3, so that a::b of program code is none;
 *		with a group of over two digits, so that bytes are none.
 *
 * Source: RFC 5321, 4.5.3.1 (lengths); RFC 4291, 2.2 (IPv6 text); the IANA
 * special-purpose address registries of 2024 (global).
 */
enum pii_type { PII_EMAIL, PII_IP, PII_TYPES };

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

/* "email"; NULL behind the last. */
const char *pii_name(int type);
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

/* The text with every span replaced by its tag: |||EMAIL|||, |||IP|||. */
int pii_mask(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e);
/*
 * The text with every span replaced by one of the same kind that is nobody's:
 * user and eight hexadecimal digits at example.com; an address of a
 * documentation network (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
 * 2001:db8::/32).  It depends on the seed, the document's id and the value
 * replaced only, by SHA-256: the same value in a document gives the same
 * pseudonym, the order of documents doesn't matter, and without the seed
 * nothing leads back but trying all values.
 */
int pii_pseudonym(struct str text, const struct pii_found *f, uint64_t seed,
    struct str id, struct buf *out, struct err *e);

/* {"email":2,"ip":0}: of the given types. */
void
pii_counts_json(const struct pii_found *f, unsigned types, struct buf *out);
/* [{"type":"email","start":3,"end":20},...] */
void pii_spans_json(const struct pii_found *f, struct buf *out);

#endif

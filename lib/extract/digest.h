/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_DIGEST_H
#define EXTRACT_DIGEST_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Digests as WARC writes them: "sha1:" and base32 (RFC 4648, section 6), or
 * hexadecimal.
 */

/* False if the digest is of a kind that we know (SHA-1, SHA-256, MD5), is of
 * the right length, and isn't that of the bytes. */
bool digest_fits(struct str digest, struct str bytes);
/* The SHA-1 of bytes in base32, appended. */
void digest_sha1(struct str bytes, struct buf *out);

#endif

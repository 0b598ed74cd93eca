/* SPDX-License-Identifier: MIT */
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "extract/digest.h"
#include "extract/field.h"

enum { MAX_TEXT = 2 * SHA256_DIGEST_SIZE };

static size_t
to_hex(const uint8_t *d, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[d[i] >> 4];
		out[2 * i + 1] = digits[d[i] & 15];
	}
	return 2 * n;
}

/* Without padding. */
static size_t
to_base32(const uint8_t *d, size_t n, char *out)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t acc = 0;
	size_t i, len = 0;
	int bits = 0;

	for (i = 0; i < n; i++) {
		acc = (acc << 8 | d[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			out[len++] = digits[acc >> (bits - 5) & 31];
	}
	if (bits)
		out[len++] = digits[acc << (5 - bits) & 31];
	return len;
}

static bool
same(struct str want, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && field_lower(want.p[i]) == p[i]; i++)
		;
	return i == n;
}

/* The digest of n bytes against its text; a text of a length that none has
 * is no digest and tells nothing. */
static bool
fits(struct str want, const uint8_t *d, size_t n)
{
	char text[MAX_TEXT];
	size_t len;

	while (want.n && want.p[want.n - 1] == '=')
		want.n--;
	len = to_hex(d, n, text);
	if (want.n == len)
		return same(want, text, len);
	len = to_base32(d, n, text);
	return want.n != len || same(want, text, len);
}

static void
sha1_of(struct str s, uint8_t d[SHA1_DIGEST_SIZE])
{
	struct sha1_ctx c;

	sha1_init(&c);
	sha1_update(&c, s.n, (const uint8_t *)s.p);
	sha1_digest(&c, SHA1_DIGEST_SIZE, d);
}

static void
sha256_of(struct str s, uint8_t d[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, s.n, (const uint8_t *)s.p);
	sha256_digest(&c, SHA256_DIGEST_SIZE, d);
}

static void
md5_of(struct str s, uint8_t d[MD5_DIGEST_SIZE])
{
	struct md5_ctx c;

	md5_init(&c);
	md5_update(&c, s.n, (const uint8_t *)s.p);
	md5_digest(&c, MD5_DIGEST_SIZE, d);
}

bool
digest_fits(struct str digest, struct str s)
{
	const char *colon = digest.n ? memchr(digest.p, ':', digest.n) : NULL;
	uint8_t d[SHA256_DIGEST_SIZE];
	struct str name, want;

	if (!colon)
		return true;
	name = (struct str){ digest.p, (size_t)(colon - digest.p) };
	want = (struct str){ colon + 1, digest.n - name.n - 1 };
	if (field_is(name, "sha1") || field_is(name, "sha-1")) {
		sha1_of(s, d);
		return fits(want, d, SHA1_DIGEST_SIZE);
	}
	if (field_is(name, "sha256") || field_is(name, "sha-256")) {
		sha256_of(s, d);
		return fits(want, d, SHA256_DIGEST_SIZE);
	}
	if (field_is(name, "md5")) {
		md5_of(s, d);
		return fits(want, d, MD5_DIGEST_SIZE);
	}
	return true;
}

void
digest_sha1(struct str bytes, struct buf *out)
{
	uint8_t d[SHA1_DIGEST_SIZE];
	char text[MAX_TEXT];
	size_t i, n;

	sha1_of(bytes, d);
	n = to_base32(d, SHA1_DIGEST_SIZE, text);
	for (i = 0; i < n; i++)
		buf_putc(out,
		    text[i] >= 'a' ? (char)(text[i] - 'a' + 'A') : text[i]);
}

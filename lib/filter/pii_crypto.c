/* SPDX-License-Identifier: MIT */
/* Addresses of cryptocurrencies, by their checksums. */
#include <stdlib.h>

#include "base/hash.h"
#include "filter/pii_find.h"

/* 25 bytes of base 58 in 26 to 35 digits. */
enum { RAW = 25, LEAST58 = 26, MOST58 = 35, LEAST32 = 14, MOST32 = 90 };

static bool
decode58(const char *p, const char *to, unsigned char raw[RAW])
{
	static const char digits[] =
	    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	const char *d;
	int i, carry;

	memset(raw, 0, RAW);
	for (; p < to; p++) {
		d = strchr(digits, *p);
		if (!d)
			return false;
		carry = (int)(d - digits);
		for (i = RAW - 1; i >= 0; i--) {
			carry += 58 * raw[i];
			raw[i] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	return true;
}

/* SHA-256 of n bytes. */
static bool
digest(const unsigned char *p, size_t n, unsigned char out[32])
{
	struct sha256 *s = sha256_new();

	if (!s)
		return false;
	sha256_add(s, p, n);
	sha256_raw(s, out);
	sha256_free(s);
	return true;
}

/*
 * Base58Check: a version's byte, 20 bytes, four of the digest of the digest.
 * Bitcoin, Litecoin, Dogecoin, Dash, Tron.  Source: Bitcoin's first client.
 */
static bool
is_base58(const char *p, const char *to)
{
	static const unsigned char versions[] = { 0x00, 0x05, 0x30, 0x32, 0x1e,
		0x16, 0x4c, 0x10, 0x41 };
	unsigned char raw[RAW], once[32], twice[32];

	if (to - p < LEAST58 || to - p > MOST58 || !decode58(p, to, raw) ||
	    !memchr(versions, raw[0], sizeof(versions)))
		return false;
	return digest(raw, RAW - 4, once) && digest(once, 32, twice) &&
	       memcmp(raw + RAW - 4, twice, 4) == 0;
}

static uint32_t
polymod_step(uint32_t c, int v)
{
	static const uint32_t gen[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
		0x3d4233dd, 0x2a1462b3 };
	uint32_t top = c >> 25;
	int i;

	c = (c & 0x1ffffff) << 5 ^ (uint32_t)v;
	for (i = 0; i < 5; i++)
		if (top >> i & 1)
			c ^= gen[i];
	return c;
}

/* bc1... and ltc1...: BIP 173 and BIP 350. */
static bool
is_bech32(const char *p, const char *to)
{
	static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	size_t prefix = memcmp(p, "bc1", 3) == 0    ? 2
			: memcmp(p, "ltc1", 4) == 0 ? 3
						    : 0;
	uint32_t c = 1;
	const char *d;
	size_t i;

	if (!prefix || to - p < LEAST32 || to - p > MOST32)
		return false;
	for (i = 0; i < prefix; i++)
		c = polymod_step(c, p[i] >> 5);
	c = polymod_step(c, 0);
	for (i = 0; i < prefix; i++)
		c = polymod_step(c, p[i] & 31);
	for (p += prefix + 1; p < to; p++) {
		d = strchr(digits, *p);
		if (!d)
			return false;
		c = polymod_step(c, (int)(d - digits));
	}
	return c == 1 || c == 0x2bc830a3;
}

/* 0x and 40 hexadecimal digits of more than a few values. */
static bool
is_ether(const char *p, const char *to)
{
	unsigned seen = 0;

	if (to - p != 42 || p[0] != '0' || p[1] != 'x')
		return false;
	for (p += 2; p < to; p++) {
		if (pii_hex(*p) < 0)
			return false;
		seen |= 1u << pii_hex(*p);
	}
	return __builtin_popcount(seen) >= 8;
}

bool
pii_is_crypto(
    struct str text, const char *p, const char *to, struct pii_match *m)
{
	if (to - p < LEAST32 || (p > text.p && p[-1] == '_') ||
	    !(is_base58(p, to) || is_bech32(p, to) || is_ether(p, to)))
		return false;
	*m = (struct pii_match){ PII_CRYPTO, p, to };
	return true;
}

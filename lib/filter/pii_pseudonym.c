/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/pii_find.h"

enum { BLOCK = 64 /* bytes of SHA-256's blocks */, DIGEST = 32 };

/* Bytes drawn from a digest: a fresh block of it when one is used up. */
struct draw {
	struct sha256 *sha;
	struct str key, value;
	unsigned char bytes[DIGEST];
	unsigned at; /* of the next byte; block number above the low 5 bits */
};

static void
add_pad(struct sha256 *s, struct str key, unsigned char with)
{
	unsigned char pad[BLOCK];
	size_t i;

	for (i = 0; i < BLOCK; i++)
		pad[i] =
		    (unsigned char)((i < key.n ? (unsigned char)key.p[i] : 0) ^
				    with);
	sha256_add(s, pad, BLOCK);
}

/* HMAC (RFC 2104) of the block's number and the value. */
static void
draw_block(struct draw *d, unsigned block)
{
	unsigned char number[4] = { (unsigned char)block,
		(unsigned char)(block >> 8), (unsigned char)(block >> 16),
		(unsigned char)(block >> 24) };
	unsigned char hashed[DIGEST];
	struct str key = d->key;

	if (key.n > BLOCK) {
		sha256_add(d->sha, key.p, key.n);
		sha256_raw(d->sha, hashed);
		key = (struct str){ (const char *)hashed, DIGEST };
	}
	add_pad(d->sha, key, 0x36);
	sha256_add(d->sha, number, sizeof(number));
	sha256_add(d->sha, d->value.p, d->value.n);
	sha256_raw(d->sha, d->bytes);
	add_pad(d->sha, key, 0x5c);
	sha256_add(d->sha, d->bytes, DIGEST);
	sha256_raw(d->sha, d->bytes);
}

static unsigned
draw(struct draw *d)
{
	if (d->at % DIGEST == 0)
		draw_block(d, d->at / DIGEST);
	return d->bytes[d->at++ % DIGEST];
}

static uint32_t
draw32(struct draw *d)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | draw(d);
	return v;
}

static void
put_address(struct draw *d, struct buf *out)
{
	static const char *const nets[] = { "192.0.2", "198.51.100",
		"203.0.113" };
	unsigned a = draw32(d) & 0xffff, b = draw32(d) & 0xffff;

	if (memchr(d->value.p, ':', d->value.n))
		buf_printf(
		    out, "2001:db8:%x:%x::%x", a, b, 1 + (draw32(d) & 0x7fff));
	else
		buf_printf(out, "%s.%u", nets[a % 3], 1 + b % 254);
}

/*
 * The shape of the value: its first digits are `first`, those behind and all
 * letters behind the first `letters` of them are drawn.
 */
static void
put_shape(struct draw *d, const char *first, int letters, struct buf *out)
{
	size_t i;

	for (i = 0; i < d->value.n; i++) {
		char c = d->value.p[i];

		if (pii_digit(c))
			c = *first ? *first++ : (char)('0' + draw(d) % 10);
		else if (pii_letter(c) && letters-- <= 0)
			c = (char)((c & 0x20) + 'A' + draw(d) % 26);
		buf_putc(out, c);
	}
}

/* Bytes of a hexadecimal address, the first locally administered. */
static void
put_mac(struct draw *d, struct buf *out)
{
	char mark = d->value.p[2];
	int i;

	buf_puts(out, "02");
	for (i = 1; i < 6; i++)
		buf_printf(out, "%c%02x", mark, draw(d));
}

/* Somewhere in the Southern Ocean.  Draws in statements, lest a compiler choose
 * their order. */
static void
put_place(struct draw *d, struct buf *out)
{
	unsigned south = 56 + draw(d) % 8, east = draw(d) % 180;
	unsigned south_part = draw32(d) % 100000;
	unsigned east_part = draw32(d) % 100000;

	buf_printf(
	    out, "-%u.%05u, %u.%05u", south, south_part, east, east_part);
}

static void
put_pseudonym(enum pii_type type, struct draw *d, struct buf *out)
{
	switch (type) {
	case PII_EMAIL:
		buf_printf(out, "user%08x@example.com", draw32(d));
		break;
	case PII_IP:
		put_address(d, out);
		break;
	case PII_PHONE: /* no country 999, no area 000 */
		put_shape(d, *d->value.p == '+' ? "999" : "000", 0, out);
		break;
	case PII_CARD: /* no issuer of payment cards begins with 0 */
		put_shape(d, "0", 0, out);
		break;
	case PII_IBAN: /* checks are 02 to 98 */
		put_shape(d, "00", 2, out);
		break;
	case PII_SSN: /* no area 000 */
		put_shape(d, "000", 0, out);
		break;
	case PII_MAC:
		put_mac(d, out);
		break;
	case PII_GEO:
		put_place(d, out);
		break;
	case PII_URL_CREDENTIALS:
		buf_printf(out, "user:%08x", draw32(d));
		break;
	default:
		buf_printf(out, "%s-%08x", pii_name(type), draw32(d));
	}
}

int
pii_pseudonym(struct str text, const struct pii_found *f, struct str key,
    struct buf *out, struct err *e)
{
	struct draw d = { .sha = sha256_new(), .key = key };
	const struct pii_span *s;
	size_t at = 0;

	if (!d.sha)
		return err_nomem(e, "a digest");
	for (s = f->v; s && s < f->v + f->n; s++) {
		buf_put(out, text.p + at, s->at - at);
		d.value = (struct str){ text.p + s->at, s->n };
		d.at = 0;
		put_pseudonym(s->type, &d, out);
		at = (size_t)s->at + s->n;
	}
	sha256_free(d.sha);
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

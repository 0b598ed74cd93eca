/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/pii.h"

/* Lengths go in as well, so that no two inputs run together. */
static void
add_part(struct sha256 *s, const void *p, size_t n)
{
	unsigned char size[8];
	int i;

	for (i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)n >> 8 * i);
	sha256_add(s, size, 8);
	sha256_add(s, p, n);
}

/* 64 bits that depend on seed, document and value. */
static uint64_t
digest(struct sha256 *s, uint64_t seed, struct str id, struct str value)
{
	unsigned char key[8];
	uint64_t v = 0;
	char hex[65];
	int i;

	for (i = 0; i < 8; i++)
		key[i] = (unsigned char)(seed >> 8 * i);
	add_part(s, key, sizeof(key));
	add_part(s, id.p, id.n);
	add_part(s, value.p, value.n);
	sha256_hex(s, hex);
	for (i = 0; i < 16; i++)
		v = v << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0'
						      : hex[i] - 'a' + 10);
	return v;
}

static void
put_address(struct str value, uint64_t v, struct buf *out)
{
	static const char *const nets[] = { "192.0.2", "198.51.100",
		"203.0.113" };

	if (memchr(value.p, ':', value.n))
		buf_printf(out, "2001:db8:%x:%x::%x", (unsigned)(v & 0xffff),
		    (unsigned)(v >> 16 & 0xffff),
		    1 + (unsigned)(v >> 32 & 0x7fff));
	else
		buf_printf(
		    out, "%s.%u", nets[v % 3], 1 + (unsigned)(v / 3 % 254));
}

static void
put_pseudonym(enum pii_type type, struct str value, uint64_t v, struct buf *out)
{
	if (type == PII_IP)
		put_address(value, v, out);
	else
		buf_printf(out, "user%08x@example.com", (unsigned)(v >> 32));
}

int
pii_pseudonym(struct str text, const struct pii_found *f, uint64_t seed,
    struct str id, struct buf *out, struct err *e)
{
	struct sha256 *s = sha256_new();
	struct str value;
	size_t i, at = 0;

	if (!s)
		return err_nomem(e, "a digest");
	for (i = 0; i < f->n; i++) {
		value = (struct str){ text.p + f->v[i].at, f->v[i].n };
		buf_put(out, text.p + at, f->v[i].at - at);
		put_pseudonym(
		    f->v[i].type, value, digest(s, seed, id, value), out);
		at = (size_t)f->v[i].at + f->v[i].n;
	}
	sha256_free(s);
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/pairs.h"

/* The lowest bits of a tag are a token's length, the others the round. */
enum { PAIRS_MIN = 1024, PAIRS_MANY = 1 << 20, LENGTH_BITS = 4, LONG = 9 };
#define ROUNDS ((1u << (32 - LENGTH_BITS)) - 1)
#define SCATTER UINT64_C(0x9e3779b97f4a7c15)

int
pairs_begin(struct pairs *p, uint32_t max, struct err *e)
{
	uint64_t n = PAIRS_MIN;
	uint32_t bits = 10;

	/* Half of the slots stay empty, of many a fifth. */
	for (; n < max + (uint64_t)(max < PAIRS_MANY ? max : max / 4); n *= 2)
		bits++;
	if (n > UINT32_MAX)
		return err_set(e, ERR_ARG, "a text of too many words");
	if (n > p->cap) {
		free(p->slots);
		p->cap = 0;
		p->slots = calloc(n, sizeof(*p->slots));
		if (!p->slots)
			return err_nomem(e, "a text");
		p->cap = (uint32_t)n;
		p->round = 0;
	}
	if (++p->round > ROUNDS) {
		memset(p->slots, 0, p->cap * sizeof(*p->slots));
		p->round = 1;
	}
	p->mask = (uint32_t)(n - 1);
	p->shift = 64 - bits;
	return 0;
}

static inline uint64_t
load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* All of the bytes of a short token, a hash of a long one. */
static inline uint64_t
key_of(struct str s)
{
	if (s.n > 8)
		return hash64(s.p, s.n, 0);
	if (s.n == 8)
		return load(s.p, 8);
	if (s.n >= 4)
		return load(s.p, 4) | load(s.p + s.n - 4, 4) << 32;
	/* One to three: the first, the middle and the last are all. */
	return (unsigned char)s.p[0] |
	       (uint64_t)(unsigned char)s.p[s.n / 2] << 8 |
	       (uint64_t)(unsigned char)s.p[s.n - 1] << 16;
}

/* A thing of that key and tag that is at i: found or, as a new one, put. */
static inline struct pairs_slot *
put(struct pairs *p, uint64_t key, uint32_t tag, uint32_t i,
    const struct str *long_ones, struct numbers *out)
{
	uint32_t at = (uint32_t)(((key ^ tag) * SCATTER) >> p->shift);
	struct pairs_slot *x;

	for (;; at = (at + 1) & p->mask) {
		x = &p->slots[at];
		if (x->tag >> LENGTH_BITS != p->round)
			break;
		if (x->key == key && x->tag == tag &&
		    (!long_ones ||
			str_eq(long_ones[i], long_ones[out->first[x->id]])))
			return x;
	}
	*x = (struct pairs_slot){ key, out->made, tag };
	out->counts[out->made] = 0;
	out->first[out->made++] = i;
	return x;
}

void
pairs_number(
    struct pairs *p, const struct str *v, uint32_t n, struct numbers *out)
{
	const struct pairs_slot *x;
	uint32_t i, round = p->round << LENGTH_BITS;

	for (out->made = i = 0; i < n; i++) {
		if (v[i].n < LONG)
			x = put(p, key_of(v[i]), round | (uint32_t)v[i].n, i,
			    NULL, out);
		else
			x = put(p, key_of(v[i]), round | LONG, i, v, out);
		out->counts[x->id]++;
		out->ids[i] = x->id;
	}
}

void
pairs_join(struct pairs *p, const uint32_t *a, const uint32_t *b, uint32_t n,
    struct numbers *out)
{
	const struct pairs_slot *x;
	uint32_t i;

	for (out->made = i = 0; i < n; i++) {
		x = put(p, (uint64_t)a[i] << 32 | b[i], p->round << LENGTH_BITS,
		    i, NULL, out);
		out->counts[x->id]++;
		out->ids[i] = x->id;
	}
}

void
pairs_free(struct pairs *p)
{
	free(p->slots);
	*p = (struct pairs){ 0 };
}

int
again_begin(struct again *t, uint32_t max, struct err *e)
{
	uint32_t bits = 10, words, each = max < PAIRS_MANY ? 32 : 8;

	/* One hash in 32 bits: of a hundred that are there once, three seem
	 * to be there twice; of many, for the sake of memory, twelve. */
	while (bits < 36 && UINT64_C(1) << bits < each * (uint64_t)max)
		bits++;
	words = (uint32_t)(UINT64_C(1) << (bits - 6));
	if (words > t->cap) {
		again_free(t);
		t->once = malloc(words * sizeof(*t->once));
		t->twice = malloc(words * sizeof(*t->twice));
		if (!t->once || !t->twice) {
			again_free(t);
			return err_nomem(e, "a text");
		}
		t->cap = words;
	}
	memset(t->once, 0, words * sizeof(*t->once));
	memset(t->twice, 0, words * sizeof(*t->twice));
	t->shift = 64 - bits;
	return 0;
}

void
again_free(struct again *t)
{
	free(t->once);
	free(t->twice);
	*t = (struct again){ 0 };
}

/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "encode.h"
#include "merge.h"

enum {
	ENDS = 512,
	KEY = 15,        /* bytes of a piece that the cache takes */
	INLINE = 4,      /* tokens of one that it takes */
	WAYS = 4,        /* slots that a piece may lie in */
	SETS = 1 << 15,  /* 4 MiB */
	SET = WAYS * 32, /* bytes of one: two cache lines */
};

/* A piece and its tokens; unused places hold BPE_NONE. */
struct slot {
	uint64_t key[2]; /* bytes, zeros, length in the last; 0, 0: free */
	uint32_t ids[INLINE];
};

/* A piece about to be looked up, whose set is on its way to the caches. */
struct look {
	uint64_t key[2];
	struct slot *set; /* NULL: too long for the cache */
};

struct encoder {
	const struct bpe *b;
	struct pretok_scan *scan;
	struct slot *cache; /* (SETS, WAYS), the newest first, and often met
			       ones move up */
	struct merge_scratch scratch;
	size_t ends[ENDS];
	struct look looks[ENDS];
};

struct encoder *
encoder_new(const struct bpe *b, const struct pretok *pt, struct err *e)
{
	struct encoder *x = calloc(1, sizeof(*x));

	if (!x) {
		err_nomem(e, "an encoder");
		return NULL;
	}
	x->b = b;
	x->cache = aligned_alloc(SET, (size_t)SETS * SET);
	if (!x->cache) {
		err_nomem(e, "an encoder");
	} else {
		memset(x->cache, 0, (size_t)SETS * SET);
		x->scan = pretok_scan_new(pt, e);
	}
	if (x->scan)
		return x;
	encoder_free(x);
	return NULL;
}

void
encoder_free(struct encoder *x)
{
	if (!x)
		return;
	pretok_scan_free(x->scan);
	merge_scratch_free(&x->scratch);
	free(x->cache);
	free(x);
}

/* Merge a piece behind ids->n, where there is room. */
static int
merge_piece(struct encoder *x, struct str s, struct ids *ids, struct err *e)
{
	const uint8_t *p = (const uint8_t *)s.p;
	uint32_t *to = ids->v + ids->n, id;
	ptrdiff_t n;
	size_t i;

	if (x->b->ignore_merges && (id = bpe_find(x->b, s)) != BPE_NONE) {
		to[0] = id;
		ids->n++;
		return 0;
	}
	for (i = 0; i < s.n; i++) {
		to[i] = x->b->byte_id[p[i]];
		if (to[i] == BPE_NONE)
			return err_set(e, ERR_FORMAT,
			    "the vocabulary has no token for byte 0x%02X",
			    p[i]);
	}
	n = bpe_merge(x->b, &x->scratch, to, s.n, e);
	if (n < 0)
		return (int)n;
	ids->n += (size_t)n;
	return 0;
}

static inline uint64_t
load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* left: bytes that may be read. */
static inline void
make_key(uint64_t key[2], struct str s, size_t left)
{
	char copy[16] = { 0 };

	if (left < sizeof(copy)) {
		memcpy(copy, s.p, s.n);
		s.p = copy;
	}
	key[0] = load(s.p);
	key[1] = load(s.p + 8);
	if (s.n < 8) {
		key[0] &= ((uint64_t)1 << 8 * s.n) - 1;
		key[1] = 0;
	} else {
		key[1] &= ((uint64_t)1 << 8 * (s.n - 8)) - 1;
	}
	key[1] |= (uint64_t)s.n << 56;
}

/* The newest of a set stands first; the oldest falls out. */
static void
remember(struct slot *set, const uint64_t key[2], const uint32_t *ids, size_t n)
{
	size_t i;

	if (n > INLINE)
		return;
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	set->key[0] = key[0];
	set->key[1] = key[1];
	for (i = 0; i < INLINE; i++)
		set->ids[i] = i < n ? ids[i] : BPE_NONE;
}

static inline struct slot *
find_set(const struct encoder *x, const uint64_t key[2])
{
	uint64_t h =
	    (key[0] ^ key[1] * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;

	return x->cache + (size_t)(h >> 49) * WAYS;
}

/* Room for a piece's bytes and INLINE ids is there. */
static inline int
encode_short(struct encoder *x, const struct look *k, struct str s,
    struct ids *ids, struct err *e)
{
	uint32_t *to = ids->v + ids->n;
	size_t before = ids->n;
	struct slot *c;

	for (c = k->set; c < k->set + WAYS; c++) {
		if (c->key[0] != k->key[0] || c->key[1] != k->key[1])
			continue;
		memcpy(to, c->ids, sizeof(c->ids));
		/* Often met, soon first: the branch above is foretold. */
		if (c > k->set) {
			struct slot up = *c;

			*c = c[-1];
			c[-1] = up;
		}
		ids->n += 1 + (size_t)(to[1] != BPE_NONE) +
			  (size_t)(to[2] != BPE_NONE) +
			  (size_t)(to[3] != BPE_NONE);
		return 0;
	}
	if (merge_piece(x, s, ids, e) < 0)
		return e->code;
	remember(k->set, k->key, ids->v + before, ids->n - before);
	return 0;
}

/* The next n pieces' keys; memory is slow, so all sets are asked for now. */
static void
look_ahead(struct encoder *x, struct str text, size_t from, size_t n)
{
	struct look *k = x->looks;
	size_t i;

	for (i = 0; i < n; from = x->ends[i++], k++) {
		struct str s = { text.p + from, x->ends[i] - from };

		k->set = NULL;
		if (s.n > KEY)
			continue;
		make_key(k->key, s, text.n - from);
		k->set = find_set(x, k->key);
		__builtin_prefetch(k->set);
		__builtin_prefetch(k->set + WAYS / 2);
	}
}

int
encoder_run(struct encoder *x, struct str text, struct ids *ids, struct err *e)
{
	size_t from = 0;
	ptrdiff_t n, i;
	int rc;

	if (pretok_start(x->scan, text, e) < 0)
		return e->code;
	while ((n = pretok_next(x->scan, x->ends, ENDS, e)) > 0) {
		/* A token is a byte at least. */
		if (ids_reserve(ids, x->ends[n - 1] - from + INLINE, e) < 0)
			return e->code;
		look_ahead(x, text, from, (size_t)n);
		for (i = 0; i < n; from = x->ends[i++]) {
			struct str s = { text.p + from, x->ends[i] - from };

			rc = x->looks[i].set
				 ? encode_short(x, &x->looks[i], s, ids, e)
				 : merge_piece(x, s, ids, e);
			if (rc < 0)
				return rc;
		}
	}
	return (int)n;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "encode.h"
#include "merge.h"

enum {
	ENDS = 512,
	KEY = 15,       /* bytes of a piece that the cache takes */
	INLINE = 4,     /* tokens of one that it takes */
	WAYS = 4,       /* slots that a piece may lie in */
	SETS = 1 << 15, /* 32 bytes a slot: 4 MiB */
};

/* A piece and its tokens; unused places hold BPE_NONE. */
struct slot {
	uint64_t key[2]; /* bytes, zeros, length in the last; 0, 0: free */
	uint32_t ids[INLINE];
};

struct encoder {
	const struct bpe *b;
	struct pretok_scan *scan;
	struct slot *cache; /* (SETS, WAYS), the newest first */
	struct merge_scratch scratch;
	size_t ends[ENDS];
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
	x->cache = calloc((size_t)SETS * WAYS, sizeof(*x->cache));
	if (!x->cache)
		err_nomem(e, "an encoder");
	else
		x->scan = pretok_scan_new(pt, e);
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

static inline void
make_key(uint64_t key[2], struct str s)
{
	unsigned char k[16] = { 0 };

	memcpy(k, s.p, s.n);
	k[15] = (unsigned char)s.n;
	memcpy(key, k, sizeof(k));
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
encode_short(struct encoder *x, struct str s, struct ids *ids, struct err *e)
{
	uint64_t key[2];
	struct slot *set, *c;
	uint32_t *to = ids->v + ids->n;
	size_t before = ids->n;

	make_key(key, s);
	set = find_set(x, key);
	for (c = set; c < set + WAYS; c++) {
		if (c->key[0] != key[0] || c->key[1] != key[1])
			continue;
		memcpy(to, c->ids, sizeof(c->ids));
		ids->n += 1 + (to[1] != BPE_NONE) + (to[2] != BPE_NONE) +
			  (to[3] != BPE_NONE);
		return 0;
	}
	if (merge_piece(x, s, ids, e) < 0)
		return e->code;
	remember(set, key, ids->v + before, ids->n - before);
	return 0;
}

int
encoder_run(struct encoder *x, struct str text, struct ids *ids, struct err *e)
{
	size_t from = 0;
	ptrdiff_t n, i;

	if (pretok_start(x->scan, text, e) < 0)
		return e->code;
	while ((n = pretok_next(x->scan, x->ends, ENDS, e)) > 0) {
		/* A token is a byte at least. */
		if (ids_reserve(ids, x->ends[n - 1] - from + INLINE, e) < 0)
			return e->code;
		for (i = 0; i < n; from = x->ends[i++]) {
			struct str s = { text.p + from, x->ends[i] - from };
			int rc = s.n <= KEY ? encode_short(x, s, ids, e)
					    : merge_piece(x, s, ids, e);

			if (rc < 0)
				return rc;
		}
	}
	return (int)n;
}

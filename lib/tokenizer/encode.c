/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "encode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backtrack.h"
#include "base/err.h"
#include "base/hash.h"
#include "merge.h"
#include "piece_cache.h"

enum {
	ENDS = 128,     /* pieces looked up together */
	KEY = 15,       /* bytes of a piece that a slot takes */
	INLINE = 4,     /* tokens that it takes */
	LINE_BITS = 18, /* 16 MiB */
	FEW = 6,        /* bytes that merging is faster for than backtracking */
	MORE_SHIFT = 30 /* tokens behind the first, in the first's high bits */
};

static const uint32_t id_mask = (1u << MORE_SHIFT) - 1;

/* A piece and its tokens. */
struct slot {
	uint64_t key[2]; /* bytes, zeros, length in the last; 0, 0: free */
	uint32_t ids[INLINE];
};

/*
 * The slots that a piece may lie in: a line of the processor's cache, or, where
 * that is full, the line beside it.
 */
struct line {
	struct slot slots[2];
};

/* A piece about to be looked up, whose line is on its way to the caches. */
struct look {
	uint64_t key[2]; /* of a long one: its hash */
	struct line *line;
};

struct encoder {
	const struct bpe *b;
	struct pretok_scan *scan;
	struct line *lines;
	struct line none; /* where pieces too long for a slot are not found */
	struct piece_cache cache; /* of what fits no slot */
	struct merge_scratch scratch;
	struct backtrack_scratch places;
	size_t ends[ENDS];
	struct look looks[ENDS];
};

static const size_t lines_size = sizeof(struct line) << LINE_BITS;

/* Zeros, in large pages where the system has them. */
static struct line *
new_lines(void)
{
	void *p = aligned_alloc((size_t)1 << 21, lines_size);

	if (!p)
		return NULL;
#ifdef MADV_HUGEPAGE
	madvise(p, lines_size, MADV_HUGEPAGE);
#endif
	return memset(p, 0, lines_size);
}

struct encoder *
encoder_new(const struct bpe *b, const struct pretok *pt, struct err *e)
{
	struct encoder *x = calloc(1, sizeof(*x));

	if (!x) {
		err_nomem(e, "an encoder");
		return NULL;
	}
	x->b = b;
	x->lines = new_lines();
	if (x->lines)
		x->scan = pretok_scan_new(pt, e);
	else
		err_nomem(e, "an encoder");
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
	backtrack_scratch_free(&x->places);
	piece_cache_free(&x->cache);
	free(x->lines);
	free(x);
}

/*
 * Pieces that slots are not tried for: long ones, and those that begin with a
 * character of three bytes and have another few, which seldom are few tokens.
 */
static inline bool
is_large(struct str s)
{
	return s.n > KEY || (s.n > 8 && (uint8_t)s.p[0] >= 0xe0);
}

/* ---- pieces that are not known ---- */

/* Put the tokens of a piece's bytes at `to`. */
static int
put_bytes(const struct bpe *b, struct str s, uint32_t *to, struct err *e)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t i;

	for (i = 0; i < s.n; i++) {
		to[i] = b->byte_id[p[i]];
		if (to[i] == BPE_NONE)
			return err_set(e, ERR_FORMAT,
			    "the vocabulary has no token for byte 0x%02X",
			    p[i]);
	}
	return 0;
}

/* Merge a piece; its tokens go to `to`, where there is room.  Their number. */
static ptrdiff_t
merge_piece(struct encoder *x, struct str s, uint32_t *to, struct err *e)
{
	const struct backtrack *t = x->b->backtrack;
	uint32_t id;

	if (x->b->ignore_merges && (id = bpe_find(x->b, s)) != BPE_NONE) {
		to[0] = id;
		return 1;
	}
	if (put_bytes(x->b, s, to, e) < 0)
		return e->code;
	if (t && s.n > FEW)
		return backtrack_run(t, &x->places, s, to, e);
	return bpe_merge(x->b, &x->scratch, to, s.n, e);
}

/* The same by what is remembered of pieces that fit no slot. */
static ptrdiff_t
encode_large(
    struct encoder *x, struct str s, uint64_t hash, uint32_t *to, struct err *e)
{
	const uint32_t *known;
	ptrdiff_t n;
	size_t had;

	known = piece_cache_find(&x->cache, s, hash, &had);
	if (known) {
		memcpy(to, known, had * sizeof(*known));
		return (ptrdiff_t)had;
	}
	n = merge_piece(x, s, to, e);
	if (n > INLINE || (n > 0 && is_large(s)))
		piece_cache_put(&x->cache, s, hash, to, (size_t)n);
	return n;
}

/* ---- pieces that a slot takes ---- */

static inline uint64_t
load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* 16 bytes at s.p may be read. */
static inline void
make_key(uint64_t key[2], struct str s)
{
	static const uint64_t full = UINT64_MAX;
	static const uint64_t masks[KEY + 1][2] = { { 0, 0 }, { full >> 56, 0 },
		{ full >> 48, 0 }, { full >> 40, 0 }, { full >> 32, 0 },
		{ full >> 24, 0 }, { full >> 16, 0 }, { full >> 8, 0 },
		{ full, 0 }, { full, full >> 56 }, { full, full >> 48 },
		{ full, full >> 40 }, { full, full >> 32 },
		{ full, full >> 24 }, { full, full >> 16 },
		{ full, full >> 8 } };

	key[0] = load(s.p) & masks[s.n][0];
	key[1] = (load(s.p + 8) & masks[s.n][1]) | (uint64_t)s.n << 56;
}

/* The high bits are the good ones. */
static inline uint64_t
hash_key(const uint64_t key[2])
{
	return (key[0] ^ key[1] * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
}

static inline bool
is_key(const struct slot *s, const uint64_t key[2])
{
	return ((s->key[0] ^ key[0]) | (s->key[1] ^ key[1])) == 0;
}

/* Room for INLINE ids is there.  Returns how many there are. */
static inline size_t
put_slot(const struct slot *s, uint32_t *to)
{
	uint32_t first = s->ids[0];

	memcpy(to, s->ids, sizeof(s->ids));
	to[0] = first & id_mask;
	return 1 + (first >> MORE_SHIFT);
}

static inline struct line *
line_beside(const struct encoder *x, const struct line *l)
{
	return &x->lines[(size_t)(l - x->lines) ^ 1];
}

/* Into a free slot, or in place of the line's second. */
static void
remember(struct encoder *x, struct line *l, const uint64_t key[2],
    const uint32_t *ids, size_t n)
{
	struct line *b = line_beside(x, l);
	struct slot *s = &l->slots[1];
	size_t i;

	if (!l->slots[0].key[1])
		s = &l->slots[0];
	else if (s->key[1] && !b->slots[1].key[1])
		s = &b->slots[1];
	s->key[0] = key[0];
	s->key[1] = key[1];
	for (i = 0; i < INLINE; i++)
		s->ids[i] = i < n ? ids[i] : 0;
	s->ids[0] |= (uint32_t)(n - 1) << MORE_SHIFT;
}

/* Met again, it changes places with the second of its own line. */
static size_t
find_beside(
    struct encoder *x, struct line *l, const uint64_t key[2], uint32_t *to)
{
	struct line *b = line_beside(x, l);
	size_t i = is_key(&b->slots[1], key);
	struct slot s = b->slots[i];

	if (!is_key(&s, key))
		return 0;
	b->slots[i] = l->slots[1];
	l->slots[1] = s;
	return put_slot(&s, to);
}

/* A piece that isn't in its line. */
static ptrdiff_t
encode_rare(struct encoder *x, const struct look *k, struct str s, uint32_t *to,
    struct err *e)
{
	ptrdiff_t n;

	if (is_large(s))
		return encode_large(x, s, k->key[0], to, e);
	n = (ptrdiff_t)find_beside(x, k->line, k->key, to);
	if (n)
		return n;
	n = encode_large(x, s, mix64(hash_key(k->key)), to, e);
	if (n > 0 && n <= INLINE)
		remember(x, k->line, k->key, to, (size_t)n);
	return n;
}

static inline void
look_up(struct encoder *x, struct look *k, struct str s)
{
	if (is_large(s)) {
		k->line = &x->none;
		k->key[0] = hash64(s.p, s.n, 0);
		k->key[1] = UINT64_MAX;
		piece_cache_prefetch(&x->cache, k->key[0]);
		return;
	}
	make_key(k->key, s);
	k->line = &x->lines[hash_key(k->key) >> (64 - LINE_BITS)];
	__builtin_prefetch(k->line);
}

/* The next n pieces' keys; memory is slow, so all lines are asked for now. */
static void
look_ahead(struct encoder *x, struct str text, size_t from, size_t n)
{
	size_t i, to, longs = 0;

	for (i = 0; i < n; from = to, i++) {
		struct str s = { text.p + from, x->ends[i] - from };
		char copy[KEY + 1] = { 0 };

		to = x->ends[i];
		if (from + sizeof(copy) > text.n && s.n <= KEY) {
			memcpy(copy, s.p, s.n);
			s.p = copy;
		}
		look_up(x, &x->looks[i], s);
		longs += is_large(s);
	}
	for (i = 0; longs && i < n; i++)
		if (x->looks[i].line == &x->none)
			piece_cache_prefetch_words(
			    &x->cache, x->looks[i].key[0]);
}

/* The tokens of n pieces; there is room for their bytes and INLINE ids. */
static int
encode_batch(struct encoder *x, struct str text, size_t from, size_t n,
    struct ids *ids, struct err *e)
{
	uint32_t *to = ids->v + ids->n;
	const struct slot *slots;
	const struct look *k;
	ptrdiff_t more;
	bool second;
	size_t i;

	look_ahead(x, text, from, n);
	for (i = 0; i < n; i++) {
		k = &x->looks[i];
		slots = k->line->slots;
		second = is_key(&slots[1], k->key);
		if (second | is_key(&slots[0], k->key)) {
			to += put_slot(&slots[second], to);
			continue;
		}
		if (i)
			from = x->ends[i - 1];
		more = encode_rare(x, k,
		    (struct str){ text.p + from, x->ends[i] - from }, to, e);
		if (more < 0)
			return (int)more;
		to += more;
	}
	ids->n = (size_t)(to - ids->v);
	return 0;
}

int
encoder_run(struct encoder *x, struct str text, struct ids *ids, struct err *e)
{
	size_t from = 0;
	ptrdiff_t n;

	if (pretok_start(x->scan, text, e) < 0)
		return e->code;
	while ((n = pretok_next(x->scan, x->ends, ENDS, e)) > 0) {
		/* A token is a byte at least. */
		if (ids_reserve(ids, x->ends[n - 1] - from + INLINE, e) < 0 ||
		    encode_batch(x, text, from, (size_t)n, ids, e) < 0)
			return e->code;
		from = x->ends[n - 1];
	}
	return (int)n;
}

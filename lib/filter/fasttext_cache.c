/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "filter/fasttext_text.h"

enum {
	CACHE_BYTES = 4 << 20,
	LINE = 64,
	KEY = 3,       /* words of 8 bytes: longer words are not kept */
	KEPT_IDS = 28, /* of a word */
	LOOKS = 16     /* words looked up together */
};

/*
 * A word that was met before.  Its rows follow: their ids if they are to be
 * added in order, else their sum.
 */
struct cached {
	uint64_t key[KEY]; /* its bytes, then zeros; zeros: free */
	uint32_t hash, rows;
	bool counts; /* for word n-grams */
};

static size_t
cached_size(const struct fasttext *f, bool in_order)
{
	size_t n = in_order ? KEPT_IDS * sizeof(int32_t)
			    : (size_t)f->dim * sizeof(float);

	return (sizeof(struct cached) + n + LINE - 1) / LINE * LINE;
}

bool
fasttext_cache_open(
    const struct fasttext *f, struct fasttext_scratch *s, bool in_order)
{
	size_t size = cached_size(f, in_order);

	if (s->cache)
		return true;
	s->cached = CACHE_BYTES / size + 16;
	s->cache = aligned_alloc(LINE, (s->cached + 1) * size);
	if (s->cache)
		memset(s->cache, 0, (s->cached + 1) * size);
	return s->cache;
}

/* A word to be looked up, its place in the cache on its way. */
struct look {
	struct str word;
	uint64_t key[KEY]; /* zeros: too long to be kept */
	struct cached *c;
	uint32_t hash; /* unless it was kept */
	bool kept;     /* a word before it may have taken its place since */
};

static void
make_key(struct look *x, const char *end)
{
	size_t i, n = x->word.n;

	memset(x->key, 0, sizeof(x->key));
	if (n > sizeof(x->key))
		return;
	if ((size_t)(end - x->word.p) < sizeof(x->key)) {
		memcpy(x->key, x->word.p, n);
		return;
	}
	memcpy(x->key, x->word.p, sizeof(x->key));
	for (i = 0; i < KEY; i++) {
		if (n <= 8 * i)
			x->key[i] = 0;
		else if (n < 8 * i + 8)
			x->key[i] &= (UINT64_C(1) << 8 * (n - 8 * i)) - 1;
	}
}

/* Where a word is kept; what isn't kept is made at place 0. */
static size_t
place_of(const struct fasttext_scratch *s, const struct look *x)
{
	uint64_t h = x->key[0] * UINT64_C(0x9e3779b97f4a7c15) ^
		     x->key[1] * UINT64_C(0xc2b2ae3d27d4eb4f) ^
		     x->key[2] * UINT64_C(0x165667b19e3779f9);

	if (!x->key[0])
		return 0;
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return 1 + ((h >> 32) * s->cached >> 32);
}

static bool
is_kept(const struct look *x)
{
	const struct cached *c = x->c;

	return x->key[0] && c->key[0] == x->key[0] && c->key[1] == x->key[1] &&
	       c->key[2] == x->key[2];
}

/*
 * Where the words are kept, and where the model has those that aren't: all of
 * it far from the processor, so asked for before it is needed.
 */
static void
look_up(const struct fasttext *f, struct fasttext_scratch *s, struct look *x,
    size_t n, size_t size)
{
	size_t i;

	for (i = 0; i < n; i++) {
		x[i].c = (struct cached *)(void *)(s->cache +
						   place_of(s, &x[i]) * size);
		__builtin_prefetch(x[i].c);
		__builtin_prefetch((const char *)x[i].c + LINE);
	}
	for (i = 0; i < n; i++) {
		x[i].kept = is_kept(&x[i]);
		if (x[i].kept)
			continue;
		x[i].hash = fasttext_hash_bytes(x[i].word);
		__builtin_prefetch(&f->slots[x[i].hash & f->mask]);
	}
	for (i = 0; i < n; i++)
		if (!x[i].kept)
			fasttext_fetch_word(f, x[i].hash, false);
	for (i = 0; i < n; i++)
		if (!x[i].kept)
			fasttext_fetch_word(f, x[i].hash, true);
}

/* The ids of a word's rows, behind those that are there. */
static void
find_rows(const struct fasttext *f, struct fasttext_scratch *s, struct look *x)
{
	struct cached *c = x->c;
	size_t before = s->nid;

	memcpy(c->key, x->key, sizeof(c->key));
	c->hash = x->kept ? fasttext_hash_bytes(x->word) : x->hash;
	c->counts = fasttext_push_word(f, s, x->word, c->hash);
	c->rows = (uint32_t)(s->nid - before);
}

/* Each word is summed up by itself, in the cache or not: the same sums. */
static void
add_sum(const struct fasttext *f, struct fasttext_scratch *s, struct look *x)
{
	float *sum = (float *)(x->c + 1);

	if (!is_kept(x)) {
		s->nid = 0;
		find_rows(f, s, x);
		memset(sum, 0, (size_t)f->dim * sizeof(*sum));
		fasttext_add_rows(&f->in, s->ids, s->nid, sum);
	}
	fasttext_add_vector(s->hidden, sum, f->dim);
	s->nrow += x->c->rows;
}

static void
add_ids(const struct fasttext *f, struct fasttext_scratch *s, struct look *x)
{
	int32_t *ids = (int32_t *)(x->c + 1);

	if (is_kept(x)) {
		fasttext_push_ids(s, ids, x->c->rows);
		return;
	}
	find_rows(f, s, x);
	if (x->c->rows > KEPT_IDS || s->failed)
		memset(x->c->key, 0, sizeof(x->c->key));
	else if (x->c->rows)
		memcpy(ids, s->ids + s->nid - x->c->rows,
		    x->c->rows * sizeof(*ids));
}

static void
add_looks(const struct fasttext *f, struct fasttext_scratch *s, struct look *x,
    size_t n, bool in_order)
{
	for (; n; n--, x++) {
		(in_order ? add_ids : add_sum)(f, s, x);
		if (x->c->counts)
			fasttext_push_hash(s, x->c->hash);
	}
}

void
fasttext_average_cached(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, bool in_order)
{
	struct fasttext_words it = { text };
	struct look looks[LOOKS];
	const char *end = text.p + text.n;
	size_t n, size = cached_size(f, in_order);
	bool more = true;

	s->nrow = s->nid = s->nhash = 0;
	memset(s->hidden, 0, (size_t)f->dim * sizeof(*s->hidden));
	while (more) {
		for (n = 0; more && n < LOOKS; n++) {
			more = fasttext_words_next(&it, &looks[n].word);
			if (!more) {
				looks[n].word = STR(FASTTEXT_END);
				end = looks[n].word.p + looks[n].word.n;
			}
			make_key(&looks[n], end);
		}
		look_up(f, s, looks, n, size);
		add_looks(f, s, looks, n, in_order);
	}
	if (!in_order)
		s->nid = 0;
	fasttext_push_ngrams(f, s);
	fasttext_add_rows(&f->in, s->ids, s->nid, s->hidden);
	s->nrow += s->nid;
	fasttext_divide(f, s, s->nrow);
}

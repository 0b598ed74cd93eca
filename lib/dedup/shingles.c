/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "base/text/words.h"
#include "dedup/shingles.h"
#include "dedup/sort.h"

/* Odd, and 1 less is 4 times an odd number: swapping words changes the sum. */
#define BASE 0x9e3779b97f4a7c15u

int
shingles_init(struct shingles *s, size_t nword, struct err *e)
{
	size_t i;

	*s = (struct shingles){ .nword = nword, .power = 1 };
	s->ring = calloc(nword, sizeof(*s->ring));
	if (!s->ring)
		return err_nomem(e, "shingles");
	for (i = 1; i < nword; i++)
		s->power *= BASE;
	return 0;
}

void
shingles_free(struct shingles *s)
{
	free(s->v);
	free(s->ring);
	free(s->table);
	buf_free(&s->low);
}

static int
add(struct shingles *s, uint64_t h, struct err *e)
{
	size_t cap, bytes;
	uint64_t *v;

	if (s->n == s->cap) {
		cap = s->cap ? s->cap * 2 : 1024;
		if (!num_mul(cap, sizeof(*v), &bytes))
			return err_nomem(e, "shingles");
		v = realloc(s->v, bytes);
		if (!v)
			return err_nomem(e, "shingles");
		s->v = v;
		s->cap = cap;
	}
	h = mix64(h);
	s->v[s->n++] = h + !h; /* 0 marks an empty place in the table */
	return 0;
}

/* Every shingle of the text, in order, repeated ones too. */
static int
collect(struct shingles *s, struct str text, struct err *e)
{
	size_t seen = 0, at = 0;
	struct plain_words words;
	struct str word;
	uint64_t h = 0, x;

	if (plain_words_init(&words, text, &s->low, e) < 0)
		return e->code;
	memset(s->ring, 0, s->nword * sizeof(*s->ring));
	while (plain_words_next(&words, &word)) {
		x = hash64(word.p, word.n, 0);
		h = (h - s->ring[at] * s->power) * BASE + x;
		s->ring[at] = x;
		at = at + 1 == s->nword ? 0 : at + 1;
		if (++seen >= s->nword && add(s, h, e) < 0)
			return e->code;
	}
	if (seen && seen < s->nword)
		return add(s, h, e);
	return 0;
}

/* An empty table with room for n hashes, at most half full. */
static int
clear_table(struct shingles *s, size_t n, struct err *e)
{
	size_t cap = 64;
	uint64_t *t;

	while (cap / 2 < n)
		cap *= 2;
	if (cap > s->table_cap) {
		t = realloc(s->table, cap * sizeof(*t));
		if (!t)
			return err_nomem(e, "shingles");
		s->table = t;
		s->table_cap = cap;
	}
	memset(s->table, 0, cap * sizeof(*s->table));
	return 0;
}

static int
drop_repeated(struct shingles *s, struct err *e)
{
	size_t i, at, n = 0, mask;
	uint64_t x;

	if (clear_table(s, s->n, e) < 0)
		return e->code;
	for (mask = 64; mask / 2 < s->n; mask *= 2)
		;
	mask--;
	for (i = 0; i < s->n; i++) {
		x = s->v[i];
		at = x & mask;
		while (s->table[at] && s->table[at] != x)
			at = (at + 1) & mask;
		if (s->table[at])
			continue;
		s->table[at] = x;
		s->v[n++] = x;
	}
	s->n = n;
	return 0;
}

int
shingles_of(struct shingles *s, struct str text, struct err *e)
{
	s->n = 0;
	if (collect(s, text, e) < 0)
		return e->code;
	return drop_repeated(s, e);
}

void
shingles_sort(struct shingles *s)
{
	/* The table has room for twice the set, and is done with. */
	if (s->n)
		sort_hashes(s->v, s->table, s->n);
}

struct hash128
shingles_key(const struct shingles *s)
{
	struct hash128 key = { s->n, 0 };
	size_t i;

	for (i = 0; i < s->n; i++) {
		key.lo += s->v[i];
		key.hi += mix64(s->v[i]);
	}
	key.lo = mix64(key.lo);
	return key;
}

double
jaccard(
    const uint64_t *a, size_t na, const uint64_t *b, size_t nb, double least)
{
	/* |a and b| must be at least this, by |a or b| = na + nb - both. */
	size_t need = (size_t)(least * (double)(na + nb) / (1 + least));
	size_t i = 0, j = 0, both = 0, spare_a, spare_b;
	uint64_t x, y;

	if (need > na || need > nb)
		return 0;
	spare_a = na - need;
	spare_b = nb - need;
	/* Without branches that depend on the hashes: they can't be guessed. */
	while (i < na && j < nb) {
		x = a[i];
		y = b[j];
		both += x == y;
		i += x <= y;
		j += y <= x;
		if (i - both > spare_a || j - both > spare_b)
			return 0;
	}
	return (double)both / (double)(na + nb - both);
}

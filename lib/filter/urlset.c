/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "filter/urlset.h"

int
urlset_add(
    struct urlset *s, uint64_t hash, unsigned char category, struct err *e)
{
	uint64_t cap = s->cap ? s->cap + s->cap / 2 : 1024;
	unsigned char *categories;
	uint64_t *hashes;

	if (s->n == s->cap) {
		if (s->n >= UINT32_MAX / 2)
			return err_set(e, ERR_ARG, "lists of over 2^31 URLs");
		hashes = realloc(s->hashes, cap * sizeof(*hashes));
		s->hashes = hashes ? hashes : s->hashes;
		categories = realloc(s->categories, cap);
		s->categories = categories ? categories : s->categories;
		if (!hashes || !categories)
			return err_nomem(e, "a list of URLs");
		s->cap = cap;
	}
	s->hashes[s->n] = hash;
	s->categories[s->n++] = category;
	return 0;
}

static uint32_t
bucket(const struct urlset *s, uint64_t hash)
{
	return (uint32_t)(hash >> (64 - s->bits));
}

/*
 * Move each hash to its bucket, in place: of what stands at the first place of
 * a bucket that isn't full, on to where that belongs, until one fits.
 */
static void
distribute(struct urlset *s, uint32_t *next)
{
	uint32_t b, to, place;
	unsigned char category, c;
	uint64_t hash, h;

	for (b = 0; b < 1u << s->bits; b++)
		while (next[b] < s->starts[b + 1]) {
			hash = s->hashes[next[b]];
			category = s->categories[next[b]];
			while ((to = bucket(s, hash)) != b) {
				place = next[to]++;
				h = s->hashes[place];
				c = s->categories[place];
				s->hashes[place] = hash;
				s->categories[place] = category;
				hash = h;
				category = c;
			}
			s->hashes[next[b]] = hash;
			s->categories[next[b]++] = category;
		}
}

static void
give_back(struct urlset *s)
{
	uint64_t *hashes = realloc(s->hashes, s->n * sizeof(*hashes));
	unsigned char *categories = realloc(s->categories, s->n);

	s->hashes = hashes ? hashes : s->hashes;
	s->categories = categories ? categories : s->categories;
	s->cap = s->n;
}

int
urlset_seal(struct urlset *s, struct err *e)
{
	uint32_t *next, sum = 0, count;
	uint64_t i;

	if (!s->n)
		return 0;
	for (s->bits = 1; s->n >> s->bits > 4;)
		s->bits++;
	s->starts = calloc((1u << s->bits) + 1, sizeof(*s->starts));
	next = malloc((1u << s->bits) * sizeof(*next));
	if (!s->starts || !next) {
		free(next);
		return err_nomem(e, "a list of URLs");
	}
	for (i = 0; i < s->n; i++)
		s->starts[bucket(s, s->hashes[i])]++;
	for (i = 0; i < 1u << s->bits; i++) {
		count = s->starts[i];
		s->starts[i] = next[i] = sum;
		sum += count;
	}
	s->starts[i] = sum;
	distribute(s, next);
	free(next);
	give_back(s);
	return 0;
}

int
urlset_find(const struct urlset *s, uint64_t hash)
{
	uint32_t i, b;
	int found = -1;

	if (!s->starts)
		return -1;
	b = bucket(s, hash);
	for (i = s->starts[b]; i < s->starts[b + 1]; i++)
		if (s->hashes[i] == hash &&
		    (found < 0 || s->categories[i] < found))
			found = s->categories[i];
	return found;
}

void
urlset_free(struct urlset *s)
{
	free(s->hashes);
	free(s->categories);
	free(s->starts);
	*s = (struct urlset){ 0 };
}

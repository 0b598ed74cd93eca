/* SPDX-License-Identifier: MIT */
#include "piece_cache.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12, FIRST_WORDS = 1 << 16 };

const uint32_t *
piece_cache_find(
    const struct piece_cache *c, struct str s, uint64_t hash, size_t *n)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	const struct piece_slot *x;
	uint64_t i;

	if (!c->slots)
		return NULL;
	for (i = hash & c->mask; c->slots[i].len; i = (i + 1) & c->mask) {
		x = &c->slots[i];
		if (x->tag != tag || x->len != s.n ||
		    memcmp(c->words + x->at, s.p, s.n) != 0)
			continue;
		*n = x->n;
		return c->words + x->at + (s.n + 3) / 4;
	}
	return NULL;
}

/* A slot's place hangs on the low half of its hash: kept in front of it. */
static struct piece_slot *
free_place(struct piece_slot *slots, uint64_t mask, uint64_t hash)
{
	uint64_t i = hash & mask;

	while (slots[i].len)
		i = (i + 1) & mask;
	return &slots[i];
}

static int
grow_slots(struct piece_cache *c)
{
	uint64_t n = c->slots ? 2 * (c->mask + 1) : FIRST_SLOTS, i;
	struct piece_slot *more = calloc(n, sizeof(*more));

	if (!more)
		return -1;
	for (i = 0; c->slots && i <= c->mask; i++)
		if (c->slots[i].len)
			*free_place(more, n - 1, c->words[c->slots[i].at - 1]) =
			    c->slots[i];
	free(c->slots);
	c->slots = more;
	c->mask = n - 1;
	return 0;
}

static void
start_over(struct piece_cache *c)
{
	memset(c->slots, 0, (c->mask + 1) * sizeof(*c->slots));
	c->used = 0;
	c->nword = 0;
}

/* Room for n more words. */
static int
grow_words(struct piece_cache *c, size_t n)
{
	size_t cap = c->cap ? c->cap : FIRST_WORDS;
	uint32_t *more;

	if ((c->nword + n) * sizeof(*more) > PIECE_CACHE_BYTES)
		start_over(c);
	if (c->nword + n <= c->cap)
		return 0;
	while (cap < c->nword + n)
		cap *= 2;
	if (cap > PIECE_CACHE_BYTES / sizeof(*more))
		cap = PIECE_CACHE_BYTES / sizeof(*more);
	more = realloc(c->words, cap * sizeof(*more));
	if (!more)
		return -1;
	c->words = more;
	c->cap = cap;
	return 0;
}

void
piece_cache_put(struct piece_cache *c, struct str s, uint64_t hash,
    const uint32_t *ids, size_t n)
{
	size_t words = (s.n + 3) / 4;
	uint32_t *to;

	if (s.n == 0 || s.n > PIECE_CACHE_LONGEST)
		return;
	if (c->used * 2 >= PIECE_CACHE_SLOTS)
		start_over(c);
	if ((!c->slots || c->used * 2 > c->mask) && grow_slots(c) < 0)
		return;
	if (grow_words(c, 1 + words + n) < 0)
		return;
	to = c->words + c->nword;
	to[0] = (uint32_t)hash;
	memcpy(to + 1, s.p, s.n);
	memcpy(to + 1 + words, ids, n * sizeof(*ids));
	*free_place(c->slots, c->mask, (uint32_t)hash) =
	    (struct piece_slot){ (uint32_t)(hash >> 32), (uint32_t)c->nword + 1,
		    (uint32_t)s.n, (uint32_t)n };
	c->used++;
	c->nword += 1 + words + n;
}

void
piece_cache_free(struct piece_cache *c)
{
	free(c->slots);
	free(c->words);
	*c = (struct piece_cache){ 0 };
}

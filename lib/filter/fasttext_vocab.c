/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/hash.h"
#include "filter/fasttext_vocab.h"

static size_t
vocab_slot(const struct fasttext_vocab *v, struct str s)
{
	size_t i = hash64(s.p, s.n, 0) & v->mask;

	while (v->slots[i] && !str_eq(v->v[v->slots[i] - 1].s, s))
		i = (i + 1) & v->mask;
	return i;
}

/* Twice the room, slots half empty. */
static bool
vocab_grow(struct fasttext_vocab *v)
{
	size_t cap = v->cap ? 2 * v->cap : 512, i;
	struct fasttext_count *more = realloc(v->v, cap * sizeof(*more));
	uint32_t *slots = calloc(2 * cap, sizeof(*slots));

	if (more)
		v->v = more;
	if (!more || !slots || cap > UINT32_MAX / 2) {
		free(slots);
		return false;
	}
	free(v->slots);
	v->slots = slots;
	v->mask = 2 * cap - 1;
	v->cap = cap;
	for (i = 0; i < v->n; i++)
		slots[vocab_slot(v, v->v[i].s)] = (uint32_t)i + 1;
	return true;
}

uint32_t
fasttext_vocab_add(struct fasttext_vocab *v, struct str s)
{
	struct str copy;
	size_t i;

	if (v->failed || (v->n == v->cap && !vocab_grow(v))) {
		v->failed = true;
		return 0;
	}
	i = vocab_slot(v, s);
	if (!v->slots[i]) {
		copy = arena_dup(&v->names, s);
		if (!copy.p) {
			v->failed = true;
			return 0;
		}
		v->v[v->n] = (struct fasttext_count){ copy, 0, (uint32_t)v->n };
		v->slots[i] = (uint32_t)++v->n;
	}
	v->v[v->slots[i] - 1].count++;
	return v->slots[i] - 1;
}

static int
by_count(const void *a, const void *b)
{
	const struct fasttext_count *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

void
fasttext_vocab_sort(struct fasttext_vocab *v)
{
	if (v->n)
		qsort(v->v, v->n, sizeof(*v->v), by_count);
}

void
fasttext_vocab_free(struct fasttext_vocab *v)
{
	free(v->v);
	free(v->slots);
	arena_free(&v->names);
}

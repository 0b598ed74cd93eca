/* SPDX-License-Identifier: MIT */
#include "dropout.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"

enum { LIST_END = UINT32_MAX };

void
dropout_seed(struct dropout *d, uint64_t seed)
{
	d->state = mix64(seed ^ 0x9e3779b97f4a7c15u);
}

void
dropout_free(struct dropout *d)
{
	free(d->heap);
	free(d->aside);
	free(d->next);
	free(d->prev);
	*d = (struct dropout){ .share = d->share, .state = d->state };
}

static bool
is_dropped(struct dropout *d)
{
	d->state += 0x9e3779b97f4a7c15u;
	return (double)(mix64(d->state) >> 11) * 0x1p-53 < d->share;
}

static int
dropout_room(struct dropout *d, size_t n, struct err *e)
{
	size_t cap = n < 256 ? 256 : 2 * n;

	if (n <= d->cap)
		return 0;
	if (n >= LIST_END / 4)
		return err_set(e, ERR_ARG, "a piece of over 1 GiB");
	dropout_free(d);
	d->heap = malloc(3 * cap * sizeof(*d->heap));
	d->aside = malloc(3 * cap * sizeof(*d->aside));
	d->next = malloc(cap * sizeof(*d->next));
	d->prev = malloc(cap * sizeof(*d->prev));
	if (!d->heap || !d->aside || !d->next || !d->prev) {
		dropout_free(d);
		return err_nomem(e, "a piece");
	}
	d->cap = cap;
	return 0;
}

static void
heap_put(uint64_t *h, size_t *n, uint64_t x)
{
	size_t i = (*n)++;

	for (; i && h[(i - 1) / 2] > x; i = (i - 1) / 2)
		h[i] = h[(i - 1) / 2];
	h[i] = x;
}

static uint64_t
heap_take(uint64_t *h, size_t *n)
{
	uint64_t top = h[0], x = h[--*n];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < *n) {
		if (c + 1 < *n && h[c + 1] < h[c])
			c++;
		if (h[c] >= x)
			break;
		h[i] = h[c];
		i = c;
	}
	h[i] = x;
	return top;
}

static void
put_place(struct dropout *d, const struct bpe *b, const uint32_t *ids,
    uint32_t at, size_t *n)
{
	const struct bpe_pair *p;

	if (at == LIST_END || d->next[at] == LIST_END)
		return;
	p = bpe_pair(b, ids[at], ids[d->next[at]]);
	if (p)
		heap_put(d->heap, n, (uint64_t)p->rank << 32 | at);
}

/* The merge that an entry means, if its symbols are still there. */
static const struct bpe_pair *
standing(const struct dropout *d, const struct bpe *b, const uint32_t *ids,
    uint64_t entry)
{
	uint32_t at = (uint32_t)entry;
	const struct bpe_pair *p;

	if (ids[at] == BPE_NONE || d->next[at] == LIST_END)
		return NULL;
	p = bpe_pair(b, ids[at], ids[d->next[at]]);
	return p && p->rank == entry >> 32 ? p : NULL;
}

static void
do_merge(struct dropout *d, uint32_t *ids, uint32_t at, uint32_t id)
{
	uint32_t gone = d->next[at];

	ids[at] = id;
	ids[gone] = BPE_NONE;
	d->next[at] = d->next[gone];
	if (d->next[at] != LIST_END)
		d->prev[d->next[at]] = at;
}

/* Until none is left that stays: stale entries are no merges to draw for. */
static void
merge_all(struct dropout *d, const struct bpe *b, uint32_t *ids, size_t nheap)
{
	const struct bpe_pair *p;
	size_t naside = 0;
	uint64_t entry;

	while (nheap) {
		entry = heap_take(d->heap, &nheap);
		p = standing(d, b, ids, entry);
		if (!p)
			continue;
		if (is_dropped(d)) {
			d->aside[naside++] = entry;
			continue;
		}
		do_merge(d, ids, (uint32_t)entry, p->id);
		while (naside)
			heap_put(d->heap, &nheap, d->aside[--naside]);
		put_place(d, b, ids, (uint32_t)entry, &nheap);
		put_place(d, b, ids, d->prev[(uint32_t)entry], &nheap);
	}
}

ptrdiff_t
dropout_merge(struct dropout *d, const struct bpe *b, uint32_t *ids, size_t n,
    struct err *e)
{
	size_t i, nheap = 0, kept = 0;

	if (dropout_room(d, n, e) < 0)
		return e->code;
	for (i = 0; i < n; i++) {
		d->next[i] = i + 1 < n ? (uint32_t)i + 1 : LIST_END;
		d->prev[i] = i ? (uint32_t)i - 1 : LIST_END;
	}
	for (i = 0; i < n; i++)
		put_place(d, b, ids, (uint32_t)i, &nheap);
	merge_all(d, b, ids, nheap);
	for (i = 0; i < n; i++)
		if (ids[i] != BPE_NONE)
			ids[kept++] = ids[i];
	return (ptrdiff_t)kept;
}

int
dropout_bytes(struct dropout *d, const struct bpe *b, struct str piece,
    struct ids *ids, struct err *e)
{
	ptrdiff_t n;
	size_t i;

	if (ids_reserve(ids, piece.n, e) < 0)
		return e->code;
	for (i = 0; i < piece.n; i++) {
		uint8_t c = (uint8_t)piece.p[i];

		ids->v[ids->n + i] = b->byte_id[c];
		if (b->byte_id[c] == BPE_NONE)
			return err_set(e, ERR_FORMAT,
			    "the vocabulary has no token for byte 0x%02X", c);
	}
	n = dropout_merge(d, b, ids->v + ids->n, piece.n, e);
	if (n < 0)
		return (int)n;
	ids->n += (size_t)n;
	return 0;
}

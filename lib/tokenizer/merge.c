/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "merge.h"

/* ---- short pieces: look at all pairs ---- */

/* Ranks of pairs with the id they make; UINT64_MAX where there is none. */
static inline uint64_t
rank_of(const struct bpe *b, uint32_t left, uint32_t right)
{
	const struct bpe_pair *p = bpe_pair(b, left, right);

	return p ? (uint64_t)p->rank << 32 | p->id : UINT64_MAX;
}

static size_t
merge_short(const struct bpe *b, uint32_t *ids, size_t n)
{
	uint64_t rank[MERGE_SHORT], best;
	size_t i, at;

	for (i = 0; i + 1 < n; i++)
		rank[i] = rank_of(b, ids[i], ids[i + 1]);
	while (n > 1) {
		best = rank[0];
		at = 0;
		for (i = 1; i + 1 < n; i++)
			if (rank[i] < best) {
				best = rank[i];
				at = i;
			}
		if (best == UINT64_MAX)
			break;
		ids[at] = (uint32_t)best;
		n--;
		memmove(
		    ids + at + 1, ids + at + 2, (n - at - 1) * sizeof(*ids));
		if (at + 1 < n)
			memmove(rank + at, rank + at + 1,
			    (n - at - 1) * sizeof(*rank));
		if (at + 1 < n)
			rank[at] = rank_of(b, ids[at], ids[at + 1]);
		if (at > 0)
			rank[at - 1] = rank_of(b, ids[at - 1], ids[at]);
	}
	return n;
}

/* ---- long pieces: a linked list and a heap of rank << 32 | place ---- */

enum { END = UINT32_MAX };

static void
sift_down(uint64_t *h, size_t n, size_t i)
{
	uint64_t x = h[i];
	size_t c;

	while ((c = 2 * i + 1) < n) {
		if (c + 1 < n && h[c + 1] < h[c])
			c++;
		if (h[c] >= x)
			break;
		h[i] = h[c];
		i = c;
	}
	h[i] = x;
}

static void
push(uint64_t *h, size_t *n, uint64_t x)
{
	size_t i = (*n)++, up;

	for (; i; i = up) {
		up = (i - 1) / 2;
		if (h[up] <= x)
			break;
		h[i] = h[up];
	}
	h[i] = x;
}

static uint64_t
pop(uint64_t *h, size_t *n)
{
	uint64_t top = h[0];

	h[0] = h[--*n];
	if (*n)
		sift_down(h, *n, 0);
	return top;
}

/* Each merge pops one entry and pushes two, so 3n is room enough. */
static int
reserve(struct merge_scratch *s, size_t n, struct err *e)
{
	size_t bytes;

	if (n <= s->cap)
		return 0;
	merge_scratch_free(s);
	if (num_mul(n, 3 * sizeof(*s->heap), &bytes)) {
		s->next = malloc(n * sizeof(*s->next));
		s->prev = malloc(n * sizeof(*s->prev));
		s->heap = malloc(bytes);
	}
	if (!s->next || !s->prev || !s->heap) {
		merge_scratch_free(s);
		return err_nomem(e, "a long piece");
	}
	s->cap = n;
	return 0;
}

void
merge_scratch_free(struct merge_scratch *s)
{
	free(s->next);
	free(s->prev);
	free(s->heap);
	*s = (struct merge_scratch){ 0 };
}

static inline void
push_pair(const struct bpe *b, const struct merge_scratch *s,
    const uint32_t *ids, uint32_t at, size_t *nheap)
{
	const struct bpe_pair *p;

	if (at == END || s->next[at] == END)
		return;
	p = bpe_pair(b, ids[at], ids[s->next[at]]);
	if (p)
		push(s->heap, nheap, (uint64_t)p->rank << 32 | at);
}

/* The neighbours as a list, and the heap of the pairs there are. */
static size_t
start_list(
    const struct bpe *b, struct merge_scratch *s, const uint32_t *ids, size_t n)
{
	const struct bpe_pair *p;
	size_t nheap = 0, i;

	for (i = 0; i < n; i++) {
		s->next[i] = i + 1 < n ? (uint32_t)i + 1 : END;
		s->prev[i] = i ? (uint32_t)i - 1 : END;
		p = i + 1 < n ? bpe_pair(b, ids[i], ids[i + 1]) : NULL;
		if (p)
			s->heap[nheap++] = (uint64_t)p->rank << 32 | i;
	}
	for (i = nheap / 2; i-- > 0;)
		sift_down(s->heap, nheap, i);
	return nheap;
}

/* The merge that a heap entry means, if it still stands; gone: BPE_NONE. */
static const struct bpe_pair *
still_there(const struct bpe *b, const struct merge_scratch *s,
    const uint32_t *ids, uint64_t entry)
{
	uint32_t at = (uint32_t)entry;
	const struct bpe_pair *p;

	if (ids[at] == BPE_NONE || s->next[at] == END)
		return NULL;
	p = bpe_pair(b, ids[at], ids[s->next[at]]);
	return p && p->rank == entry >> 32 ? p : NULL;
}

static ptrdiff_t
merge_long(const struct bpe *b, struct merge_scratch *s, uint32_t *ids,
    size_t n, struct err *e)
{
	const struct bpe_pair *p;
	size_t nheap, i, kept = 0;
	uint32_t at, gone;

	if (n >= END)
		return err_set(e, ERR_ARG, "a piece of over 4 GiB");
	if (reserve(s, n, e) < 0)
		return e->code;
	nheap = start_list(b, s, ids, n);
	while (nheap) {
		uint64_t entry = pop(s->heap, &nheap);

		p = still_there(b, s, ids, entry);
		if (!p)
			continue;
		at = (uint32_t)entry;
		gone = s->next[at];
		ids[at] = p->id;
		ids[gone] = BPE_NONE;
		s->next[at] = s->next[gone];
		if (s->next[at] != END)
			s->prev[s->next[at]] = at;
		push_pair(b, s, ids, at, &nheap);
		push_pair(b, s, ids, s->prev[at], &nheap);
	}
	for (i = 0; i < n; i++)
		if (ids[i] != BPE_NONE)
			ids[kept++] = ids[i];
	return (ptrdiff_t)kept;
}

ptrdiff_t
bpe_merge(const struct bpe *b, struct merge_scratch *s, uint32_t *ids, size_t n,
    struct err *e)
{
	if (n <= MERGE_SHORT)
		return (ptrdiff_t)merge_short(b, ids, n);
	return merge_long(b, s, ids, n, e);
}

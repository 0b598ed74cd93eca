/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "learn_queue.h"

enum { ARITY = 4 };

/* Is a's (left, right) greater by bytes? */
static bool
is_greater(const struct bpe *b, uint64_t x, uint64_t y)
{
	int c = str_cmp(bpe_bytes(b, (uint32_t)(x >> 32)),
	    bpe_bytes(b, (uint32_t)(y >> 32)));

	if (c == 0)
		c = str_cmp(
		    bpe_bytes(b, (uint32_t)x), bpe_bytes(b, (uint32_t)y));
	return c > 0;
}

static bool
before(const struct learn_queue *q, const struct learn_entry *x,
    const struct learn_entry *y)
{
	if (x->count != y->count)
		return x->count > y->count;
	if (x->place != y->place)
		return x->place < y->place;
	if (q->ties == LEARN_LEXICOGRAPHIC)
		return is_greater(q->b, x->key, y->key);
	return x->key < y->key;
}

static int
room(struct learn_entry **v, size_t n, size_t *cap, struct err *e)
{
	size_t more = *cap ? *cap * 2 : 1024;
	struct learn_entry *p;

	if (n < *cap)
		return 0;
	p = realloc(*v, more * sizeof(*p));
	if (!p)
		return err_nomem(e, "the queue of pairs");
	*v = p;
	*cap = more;
	return 0;
}

int
learn_queue_stage(struct learn_queue *q, uint64_t key, uint64_t count,
    uint32_t nword, struct err *e)
{
	struct learn_entry x = { .count = count, .key = key };

	if (room(&q->staged, q->nstaged, &q->staged_cap, e) < 0)
		return e->code;
	x.words = malloc(nword * sizeof(*x.words));
	if (!x.words)
		return err_nomem(e, "the places of a pair");
	q->staged[q->nstaged++] = x;
	return 0;
}

int
learn_queue_push(
    struct learn_queue *q, const struct learn_entry *x, struct err *e)
{
	struct learn_entry y = *x;
	size_t i, up;

	if (room(&q->heap, q->n, &q->cap, e) < 0) {
		free(y.words);
		return e->code;
	}
	for (i = q->n++; i; i = up) {
		up = (i - 1) / ARITY;
		if (!before(q, &y, &q->heap[up]))
			break;
		q->heap[i] = q->heap[up];
	}
	q->heap[i] = y;
	return 0;
}

int
learn_queue_push_staged(struct learn_queue *q, struct err *e)
{
	while (q->nstaged)
		if (learn_queue_push(q, &q->staged[--q->nstaged], e) < 0)
			return e->code;
	return 0;
}

/* The child of i that comes first; q->n if there is none. */
static size_t
first_child(const struct learn_queue *q, size_t i)
{
	size_t from = i * ARITY + 1, k, best = from;

	if (from >= q->n)
		return q->n;
	for (k = from + 1; k < q->n && k < from + ARITY; k++)
		if (before(q, &q->heap[k], &q->heap[best]))
			best = k;
	return best;
}

bool
learn_queue_pop(struct learn_queue *q, struct learn_entry *top)
{
	struct learn_entry last;
	size_t i, down;

	if (!q->n)
		return false;
	*top = q->heap[0];
	last = q->heap[--q->n];
	for (i = 0; (down = first_child(q, i)) < q->n; i = down) {
		if (!before(q, &q->heap[down], &last))
			break;
		q->heap[i] = q->heap[down];
	}
	if (q->n)
		q->heap[i] = last;
	return true;
}

void
learn_queue_free(struct learn_queue *q)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		free(q->heap[i].words);
	for (i = 0; i < q->nstaged; i++)
		free(q->staged[i].words);
	free(q->heap);
	free(q->staged);
	*q = (struct learn_queue){ 0 };
}

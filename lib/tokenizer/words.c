/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "words.h"

enum { FIRST_SLOTS = 1 << 14 };

static struct word *
free_slot(struct word *slots, uint64_t mask, uint64_t hash)
{
	uint64_t i = hash & mask;

	while (slots[i].n)
		i = (i + 1) & mask;
	return &slots[i];
}

static int
grow_slots(struct words *w, struct err *e)
{
	uint64_t n = w->nslot ? w->nslot * 2 : FIRST_SLOTS, i;
	struct word *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return err_nomem(e, "the words counted");
	for (i = 0; i < w->nslot; i++) {
		struct word *x = &w->slots[i];

		if (x->n)
			*free_slot(slots, n - 1,
			    hash64(w->bytes + x->at, x->len, 0)) = *x;
	}
	free(w->slots);
	w->slots = slots;
	w->nslot = n;
	return 0;
}

static int
keep_bytes(struct words *w, struct str s, struct err *e)
{
	uint64_t cap = w->byte_cap ? w->byte_cap : 1 << 16;
	char *p;

	while (cap - w->nbyte < s.n)
		cap *= 2;
	if (cap > w->byte_cap) {
		p = realloc(w->bytes, cap);
		if (!p)
			return err_nomem(e, "the words counted");
		w->bytes = p;
		w->byte_cap = cap;
	}
	memcpy(w->bytes + w->nbyte, s.p, s.n);
	w->nbyte += s.n;
	return 0;
}

int
words_add(struct words *w, struct str s, uint64_t n, struct err *e)
{
	uint64_t hash = hash64(s.p, s.n, 0), i;
	uint32_t tag = (uint32_t)(hash >> 32);
	struct word *x;

	if (!n)
		return 0;
	if (s.n > UINT32_MAX)
		return err_set(e, ERR_FORMAT, "a piece of over 4 GiB");
	if (w->used * 4 >= w->nslot * 3 && grow_slots(w, e) < 0)
		return e->code;
	for (i = hash & (w->nslot - 1);; i = (i + 1) & (w->nslot - 1)) {
		x = &w->slots[i];
		if (x->n == 0)
			break;
		if (x->tag == tag && x->len == s.n &&
		    memcmp(w->bytes + x->at, s.p, s.n) == 0) {
			x->n += n;
			return 0;
		}
	}
	*x = (struct word){ n, w->nbyte, (uint32_t)s.n, tag };
	w->used++;
	return keep_bytes(w, s, e);
}

int
words_push(struct words *w, struct str s, uint64_t n, struct err *e)
{
	uint64_t cap = w->nslot ? w->nslot : FIRST_SLOTS / 2;
	struct word *more;

	if (w->used == w->nslot) {
		more = realloc(w->slots, 2 * cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "the words counted");
		memset(more + w->used, 0, (2 * cap - w->used) * sizeof(*more));
		w->slots = more;
		w->nslot = 2 * cap;
	}
	w->slots[w->used++] = (struct word){ n, w->nbyte, (uint32_t)s.n, 0 };
	return keep_bytes(w, s, e);
}

int
words_merge(struct words *w, const struct words *from, struct err *e)
{
	uint64_t i;

	for (i = 0; i < from->nslot; i++) {
		const struct word *x = &from->slots[i];

		if (x->n && words_add(w, words_str(from, x), x->n, e) < 0)
			return e->code;
	}
	return 0;
}

uint64_t
words_memory(const struct words *w)
{
	return w->nslot * sizeof(*w->slots) + w->byte_cap;
}

void
words_free(struct words *w)
{
	free(w->slots);
	free(w->bytes);
	*w = (struct words){ 0 };
}

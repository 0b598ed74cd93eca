/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/seen.h"

enum {
	SEEN_MIN = 1024,
	SEEN_MANY = 1 << 20,
	ROUND_MASK = (1 << SEEN_ROUND_BITS) - 1
};

static int
grow(struct seen *s, uint32_t n, struct err *e)
{
	free(s->slots);
	s->cap = 0;
	s->round = 0;
	s->slots = calloc(n, sizeof(*s->slots));
	if (!s->slots)
		return err_nomem(e, "a text");
	s->cap = n;
	return 0;
}

int
seen_begin(struct seen *s, const void *base, uint32_t max, struct err *e)
{
	uint64_t n = SEEN_MIN;

	/* Half of the slots stay empty, of many a fifth. */
	while (n < max + (uint64_t)(max < SEEN_MANY ? max : max / 4))
		n *= 2;
	if (n > UINT32_MAX)
		return err_set(e, ERR_ARG, "a text of too many words");
	if (n > s->cap && grow(s, (uint32_t)n, e) < 0)
		return e->code;
	if (++s->round > ROUND_MASK) {
		memset(s->slots, 0, s->cap * sizeof(*s->slots));
		s->round = 1;
	}
	s->mask = (uint32_t)(n - 1);
	s->base = base;
	return 0;
}

struct seen_slot *
seen_add(struct seen *s, uint32_t at, uint32_t n)
{
	uint64_t h = hash64(s->base + at, n, 0);
	uint32_t i = (uint32_t)(h >> 32) & s->mask;
	uint32_t tag = (uint32_t)h << SEEN_ROUND_BITS | s->round;
	struct seen_slot *x;

	for (;; i = (i + 1) & s->mask) {
		x = &s->slots[i];
		if ((x->tag & ROUND_MASK) != s->round)
			break;
		if (x->tag == tag && x->n == n &&
		    memcmp(s->base + x->at, s->base + at, n) == 0) {
			x->count++;
			return x;
		}
	}
	*x = (struct seen_slot){ tag, at, n, 1 };
	return x;
}

void
seen_free(struct seen *s)
{
	free(s->slots);
	*s = (struct seen){ 0 };
}

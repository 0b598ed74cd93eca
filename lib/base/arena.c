/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { BLOCK = 64 * 1024, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t cap;
	alignas(ALIGN) char data[];
};

static struct arena_block *
new_block(size_t n)
{
	struct arena_block *b;
	size_t cap = n > BLOCK ? n : BLOCK;

	if (cap > SIZE_MAX - sizeof(*b))
		return NULL;
	b = malloc(sizeof(*b) + cap);
	if (b) {
		b->next = NULL;
		b->cap = cap;
	}
	return b;
}

/* Move to a block with n bytes free: the next kept one, or a new one. */
static int
next_block(struct arena *a, size_t n)
{
	struct arena_block **link = a->at ? &a->at->next : &a->first;
	struct arena_block *b = *link;

	if (!b || b->cap < n) {
		b = new_block(n);
		if (!b)
			return -1;
		b->next = *link;
		*link = b;
	}
	a->at = b;
	a->used = 0;
	return 0;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (!a->at || a->at->cap - a->used < n) {
		if (next_block(a, n) < 0)
			return NULL;
	}
	p = a->at->data + a->used;
	a->used += n;
	return p;
}

struct str
arena_dup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){ p, s.n };
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

void
arena_reset(struct arena *a)
{
	a->at = NULL;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->first; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}

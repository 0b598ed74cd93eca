/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/parts.h"
#include "io/scratch.h"

int
parts_init(
    struct parts *p, struct budget *b, size_t n, size_t chunk, struct err *e)
{
	*p = (struct parts){ .budget = b, .chunk = chunk, .fd = -1 };
	if (budget_take(b, n * (chunk + sizeof(*p->v)), "parts", e) < 0)
		return e->code;
	p->n = n;
	p->v = calloc(n, sizeof(*p->v));
	if (!p->v)
		return err_nomem(e, "parts");
	return scratch_open(&p->fd, e);
}

void
parts_free(struct parts *p)
{
	size_t i;

	for (i = 0; p->v && i < p->n; i++) {
		free(p->v[i].chunk);
		free(p->v[i].at);
		budget_give(p->budget, p->v[i].cap * sizeof(*p->v[i].at));
	}
	if (p->n)
		budget_give(p->budget, p->n * (p->chunk + sizeof(*p->v)));
	free(p->v);
	if (p->budget && p->fd >= 0)
		close(p->fd);
	*p = (struct parts){ 0 };
}

static int
flush(struct parts *p, struct part *x, struct err *e)
{
	uint64_t *at;

	at = budget_grow(p->budget, x->at, &x->cap, x->n + 1, sizeof(*at),
	    "parts on disk", e);
	if (!at)
		return e->code;
	x->at = at;
	if (scratch_write(p->fd, x->chunk, p->chunk, p->end, e) < 0)
		return e->code;
	at[x->n++] = p->end;
	p->end += p->chunk;
	x->used = 0;
	return 0;
}

int
parts_put(
    struct parts *p, size_t part, const void *bytes, size_t n, struct err *e)
{
	struct part *x = &p->v[part];
	const char *from = bytes;
	size_t some;

	if (!x->chunk && !(x->chunk = malloc(p->chunk)))
		return err_nomem(e, "parts");
	for (; n; from += some, n -= some) {
		some = n < p->chunk - x->used ? n : p->chunk - x->used;
		memcpy(x->chunk + x->used, from, some);
		x->used += some;
		if (x->used == p->chunk && flush(p, x, e) < 0)
			return e->code;
	}
	return 0;
}

uint64_t
parts_size(const struct parts *p, size_t part)
{
	return p->v[part].n * (uint64_t)p->chunk + p->v[part].used;
}

void
part_open(struct part_reader *r, const struct parts *p, size_t part)
{
	r->parts = p;
	r->part = part;
	r->chunk = r->from = r->n = 0;
}

/* The next chunk; the last one is still in memory. */
static int
fill(struct part_reader *r, struct err *e)
{
	const struct part *x = &r->parts->v[r->part];

	if (r->chunk > x->n)
		return 0;
	r->from = 0;
	r->n = r->chunk < x->n ? r->parts->chunk : x->used;
	if (r->chunk == x->n)
		memcpy(r->bytes, x->used ? x->chunk : "", x->used);
	else if (scratch_read(
		     r->parts->fd, r->bytes, r->n, x->at[r->chunk], e) < 0)
		return e->code;
	r->chunk++;
	return r->n > 0;
}

int
part_read(struct part_reader *r, void *bytes, size_t n, struct err *e)
{
	char *to = bytes;
	size_t some;
	int rc;

	for (; n; to += some, n -= some) {
		if (r->from == r->n) {
			rc = fill(r, e);
			if (rc <= 0)
				return rc;
		}
		some = n < r->n - r->from ? n : r->n - r->from;
		memcpy(to, r->bytes + r->from, some);
		r->from += some;
	}
	return 1;
}

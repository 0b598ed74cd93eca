/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/budget.h"
#include "dedup/prefer.h"
#include "dedup/roster.h"
#include "io/docs.h"

/* How a document stands in the side bytes; its id and its rank follow. */
struct noted {
	uint64_t ordinal, line, nid, nrank;
};

void
roster_init(struct roster *r, struct budget *b)
{
	*r = (struct roster){ .budget = b };
}

void
roster_free(struct roster *r)
{
	free(r->v);
	free(r->order);
	free(r->place);
	arena_free(&r->ids);
}

int
roster_note(struct emit *em, const struct doc *d, const struct prefer *p,
    struct buf *rank, struct err *e)
{
	struct noted n = { .ordinal = d->ordinal,
		.line = hash64(d->line.p, d->line.n, 0),
		.nid = d->id.n };

	buf_clear(rank);
	prefer_rank(p, d, rank);
	n.nrank = rank->n;
	buf_put(&em->side, &n, sizeof(n));
	buf_str(&em->side, d->id);
	buf_str(&em->side, buf_view(rank));
	return buf_ok(rank, e);
}

/* Room for a document, and for the damaged ones before it. */
static int
grow_roster(struct roster *r, uint64_t ordinal, struct err *e)
{
	struct roster_doc *v;
	uint32_t *order;

	if (ordinal >= UINT32_MAX - 1)
		return err_set(e, ERR_ARG, "more than 4 G documents");
	v = budget_grow(
	    r->budget, r->v, &r->cap, ordinal + 1, sizeof(*v), "documents", e);
	if (!v)
		return e->code;
	r->v = v;
	order = budget_grow(r->budget, r->order, &r->order_cap, r->n + 1,
	    sizeof(*order), "documents", e);
	if (!order)
		return e->code;
	r->order = order;
	while (r->nv <= ordinal)
		v[r->nv++] = (struct roster_doc){ .line = 0 };
	order[r->n++] = (uint32_t)ordinal;
	return 0;
}

int
roster_take(
    struct roster *r, struct str *side, uint32_t *ordinal, struct err *e)
{
	struct roster_doc *d;
	struct noted n;
	size_t all;

	memcpy(&n, side->p, sizeof(n));
	if (grow_roster(r, n.ordinal, e) < 0 ||
	    budget_take(r->budget, n.nid + n.nrank + 32, "ids", e) < 0)
		return e->code;
	d = &r->v[n.ordinal];
	d->line = n.line;
	d->id = arena_dup(&r->ids, (struct str){ side->p + sizeof(n), n.nid });
	if (n.nrank)
		d->rank = arena_dup(&r->ids,
		    (struct str){ side->p + sizeof(n) + n.nid, n.nrank });
	if (!d->id.p || (n.nrank && !d->rank.p))
		return err_nomem(e, "ids");
	digest_add(&r->lines, n.line);
	*ordinal = (uint32_t)n.ordinal;
	all = sizeof(n) + n.nid + n.nrank;
	side->p += all;
	side->n -= all;
	return 0;
}

int
roster_cmp(const struct roster_doc *a, const struct roster_doc *b)
{
	int c = str_cmp(a->rank, b->rank);

	if (c == 0)
		c = str_cmp(a->id, b->id);
	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a > b) - (a < b);
}

static int
by_preference(const void *a, const void *b)
{
	return roster_cmp(*(const struct roster_doc *const *)a,
	    *(const struct roster_doc *const *)b);
}

int
roster_sort(struct roster *r, struct err *e)
{
	const struct roster_doc **v;
	size_t i;

	r->place =
	    budget_calloc(r->budget, r->nv, sizeof(*r->place), "documents", e);
	if (!r->place)
		return e->code;
	/* qsort() takes as much again. */
	v = budget_calloc(r->budget, r->n, 2 * sizeof(*v), "sorting", e);
	if (!v)
		return e->code;
	for (i = 0; i < r->n; i++)
		v[i] = &r->v[r->order[i]];
	qsort(v, r->n, sizeof(*v), by_preference);
	for (i = 0; i < r->n; i++) {
		r->order[i] = (uint32_t)(v[i] - r->v);
		r->place[r->order[i]] = (uint32_t)i;
	}
	free(v);
	budget_give(r->budget, 2 * r->n * sizeof(*v));
	return 0;
}

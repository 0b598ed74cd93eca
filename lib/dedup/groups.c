/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/groups.h"

int
who_cmp(const struct who *a, const struct who *b)
{
	int c = str_cmp(a->rank, b->rank);

	return c ? c : who_by_id(a, b);
}

int
who_by_id(const struct who *a, const struct who *b)
{
	int c = str_cmp(a->id, b->id);

	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

void
groups_init(struct groups *g, struct budget *b, bool everybody)
{
	*g = (struct groups){ .budget = b, .everybody = everybody };
}

void
groups_free(struct groups *g)
{
	free(g->v);
	free(g->of);
	free(g->who);
	free(g->table);
	arena_free(&g->ids);
}

static bool
same_key(const struct hash128 *a, const struct hash128 *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

/* The place of key in the table: a group's, or the empty one to put it. */
static uint32_t *
slot_of(const struct groups *g, const struct hash128 *key)
{
	size_t i = key->lo & g->mask;

	while (g->table[i] && !same_key(&g->v[g->table[i] - 1].key, key))
		i = (i + 1) & g->mask;
	return &g->table[i];
}

/* Keep the table at most two thirds full. */
static int
grow_table(struct groups *g, struct err *e)
{
	size_t i, old = g->table ? g->mask + 1 : 0, n = old ? old * 2 : 1024;
	uint32_t *table;

	if (g->table && g->n + 1 <= g->mask / 3 * 2)
		return 0;
	table = budget_calloc(g->budget, n, sizeof(*table), "a table", e);
	if (!table)
		return e->code;
	free(g->table);
	budget_give(g->budget, old * sizeof(*table));
	g->table = table;
	g->mask = n - 1;
	for (i = 0; i < g->n; i++)
		*slot_of(g, &g->v[i].key) = (uint32_t)i + 1;
	return 0;
}

/* A copy of w whose id is ours. */
static int
own_who(struct groups *g, const struct who *w, struct who *own, struct err *e)
{
	if (budget_take(g->budget, w->id.n + w->rank.n + 32, "ids", e) < 0)
		return e->code;
	*own = *w;
	own->id = arena_dup(&g->ids, w->id);
	if (w->rank.n)
		own->rank = arena_dup(&g->ids, w->rank);
	return own->id.p && (!w->rank.n || own->rank.p) ? 0
							: err_nomem(e, "ids");
}

/* The document's own place; those skipped before it have no group. */
static int
add_doc(struct groups *g, const struct who *w, struct err *e)
{
	uint32_t *of;

	if (w->ordinal >= UINT32_MAX - 1)
		return err_set(e, ERR_ARG, "more than 4 G documents");
	of = budget_grow(g->budget, g->of, &g->doc_cap, w->ordinal + 1,
	    sizeof(*of), "documents", e);
	if (!of)
		return e->code;
	g->of = of;
	while (g->ndoc <= w->ordinal)
		g->of[g->ndoc++] = NO_GROUP;
	g->lines = mix64(g->lines ^ w->line);
	return 0;
}

/* For everybody: *w becomes a copy that lasts. */
static int
add_who(struct groups *g, struct who *w, struct err *e)
{
	struct who *who;

	who = budget_grow(g->budget, g->who, &g->who_cap, w->ordinal + 1,
	    sizeof(*who), "documents", e);
	if (!who)
		return e->code;
	g->who = who;
	if (own_who(g, w, w, e) < 0)
		return e->code;
	g->who[w->ordinal] = *w;
	return 0;
}

static int
new_group(struct groups *g, const struct who *w, const struct hash128 *key,
    struct err *e)
{
	struct group *v, *x;

	if (grow_table(g, e) < 0)
		return e->code;
	v = budget_grow(
	    g->budget, g->v, &g->cap, g->n + 1, sizeof(*v), "documents", e);
	if (!v)
		return e->code;
	g->v = v;
	x = &v[g->n];
	*x = (struct group){ .key = *key, .best = *w, .count = 1 };
	if (!g->everybody && own_who(g, w, &x->best, e) < 0)
		return e->code;
	*slot_of(g, key) = (uint32_t)++g->n;
	return 1;
}

static int
join_group(
    struct groups *g, struct group *x, const struct who *w, struct err *e)
{
	x->count++;
	if (who_cmp(w, &x->best) >= 0)
		return 0;
	if (!g->everybody)
		return own_who(g, w, &x->best, e);
	x->best = *w;
	return 0;
}

int
groups_add(struct groups *g, const struct who *w, const struct hash128 *key,
    uint32_t *group, struct err *e)
{
	struct who own = *w;
	uint32_t at;
	int rc;

	*group = NO_GROUP;
	if (add_doc(g, w, e) < 0)
		return e->code;
	if (g->everybody && add_who(g, &own, e) < 0)
		return e->code;
	if (!key)
		return 0;
	at = g->table ? *slot_of(g, key) : 0;
	if (at)
		rc = join_group(g, &g->v[at - 1], &own, e);
	else
		rc = new_group(g, &own, key, e);
	if (rc < 0)
		return rc;
	*group = g->of[w->ordinal] = at ? at - 1 : (uint32_t)g->n - 1;
	return rc;
}

uint32_t
groups_of(const struct groups *g, uint64_t ordinal)
{
	return ordinal < g->ndoc ? g->of[ordinal] : NO_GROUP;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/choose.h"
#include "dedup/groups.h"
#include "dedup/pairs.h"
#include "io/stream.h"

enum { FLUSH = 1 << 20 };

/* A document that forms a pair with the one at hand. */
struct partner {
	uint32_t rank; /* the least with its id */
	double jaccard;
};

/* The other group of a match. */
struct edge {
	uint32_t group;
	double jaccard;
};

struct pairs {
	struct chooser *c;
	const struct who **order; /* documents by id: rank -> document */
	size_t ndoc;
	uint32_t *same_id; /* rank -> the least rank with the same id */
	/* Ranks of each group's documents, ascending, group behind group. */
	uint32_t *members;
	size_t *first; /* ngroup + 1 places in members */
	struct edge *edges;
	size_t *first_edge; /* ngroup + 1 places in edges */
	struct partner *partners;
	size_t npartner, partner_cap;
	struct buf text;
	struct out *out;
	uint64_t n;
};

static int
by_who(const void *a, const void *b)
{
	return who_by_id(
	    *(const struct who *const *)a, *(const struct who *const *)b);
}

static int
sort_docs(struct pairs *p, struct err *e)
{
	const struct groups *g = p->c->groups;
	size_t i;

	/* qsort() takes as much again. */
	p->order = budget_calloc(
	    p->c->budget, g->ndoc, 2 * sizeof(*p->order), "pairs", e);
	if (!p->order)
		return e->code;
	for (i = 0; i < g->ndoc; i++)
		if (g->of[i] != NO_GROUP)
			p->order[p->ndoc++] = &g->who[i];
	if (p->ndoc)
		qsort(p->order, p->ndoc, sizeof(*p->order), by_who);
	p->same_id = budget_calloc(
	    p->c->budget, g->ndoc, sizeof(*p->same_id), "pairs", e);
	if (!p->same_id)
		return e->code;
	for (i = 1; i < p->ndoc; i++)
		p->same_id[i] = str_eq(p->order[i]->id, p->order[i - 1]->id)
				    ? p->same_id[i - 1]
				    : (uint32_t)i;
	return 0;
}

static uint32_t
group_of(const struct pairs *p, size_t rank)
{
	return p->c->groups->of[p->order[rank]->ordinal];
}

/* Places counted one ahead become the places where each run begins. */
static void
add_up(size_t *first, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		first[i + 1] += first[i];
}

/* Filling moved each first to the next one's place: move them back. */
static void
step_back(size_t *first, size_t n)
{
	memmove(first + 1, first, n * sizeof(*first));
	first[0] = 0;
}

static int
list_members(struct pairs *p, struct err *e)
{
	size_t i, n = p->c->groups->n;
	struct budget *b = p->c->budget;

	p->first = budget_calloc(b, n + 1, sizeof(*p->first), "pairs", e);
	if (!p->first)
		return e->code;
	p->members = budget_calloc(b, p->ndoc, sizeof(*p->members), "pairs", e);
	if (!p->members)
		return e->code;
	for (i = 0; i < n; i++)
		p->first[i + 1] = p->c->groups->v[i].count;
	add_up(p->first, n);
	for (i = 0; i < p->ndoc; i++)
		p->members[p->first[group_of(p, i)]++] = (uint32_t)i;
	step_back(p->first, n);
	return 0;
}

static int
list_edges(struct pairs *p, struct err *e)
{
	size_t i, n = p->c->groups->n, nmatch = p->c->nmatch;
	const struct match *m = p->c->matches;
	struct budget *b = p->c->budget;

	p->first_edge =
	    budget_calloc(b, n + 1, sizeof(*p->first_edge), "pairs", e);
	if (!p->first_edge)
		return e->code;
	p->edges = budget_calloc(b, nmatch, 2 * sizeof(*p->edges), "pairs", e);
	if (!p->edges)
		return e->code;
	for (i = 0; i < nmatch; i++) {
		p->first_edge[m[i].a + 1]++;
		p->first_edge[m[i].b + 1]++;
	}
	add_up(p->first_edge, n);
	for (i = 0; i < nmatch; i++) {
		p->edges[p->first_edge[m[i].a]++] =
		    (struct edge){ m[i].b, m[i].jaccard };
		p->edges[p->first_edge[m[i].b]++] =
		    (struct edge){ m[i].a, m[i].jaccard };
	}
	step_back(p->first_edge, n);
	return 0;
}

/* The documents of a group that rank behind the one at hand. */
static int
add_partners(
    struct pairs *p, uint32_t group, double jaccard, size_t rank, struct err *e)
{
	size_t i = p->first[group], end = p->first[group + 1];
	struct partner *more;

	more = budget_grow(p->c->budget, p->partners, &p->partner_cap,
	    p->npartner + end - i, sizeof(*more), "pairs", e);
	if (!more)
		return e->code;
	p->partners = more;
	for (; i < end; i++)
		if (p->members[i] > rank)
			p->partners[p->npartner++] =
			    (struct partner){ p->same_id[p->members[i]],
				    jaccard };
	return 0;
}

static int
by_rank(const void *a, const void *b)
{
	const struct partner *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->jaccard > y->jaccard) - (x->jaccard < y->jaccard);
}

static void
put_id(struct buf *b, struct str id)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";
	const char *special;
	size_t i;

	for (i = 0; i < id.n; i++) {
		special = id.p[i] ? strchr(from, id.p[i]) : NULL;
		if (special) {
			buf_putc(b, '\\');
			buf_putc(b, to[special - from]);
		} else {
			buf_putc(b, id.p[i]);
		}
	}
}

static int
flush(struct pairs *p, struct err *e)
{
	if (buf_ok(&p->text, e) < 0)
		return e->code;
	if (p->text.n && out_write(p->out, p->text.p, p->text.n, e) < 0)
		return e->code;
	buf_clear(&p->text);
	return 0;
}

static int
put_partners(struct pairs *p, size_t rank, struct err *e)
{
	size_t i;

	for (i = 0; i < p->npartner; i++) {
		put_id(&p->text, p->order[rank]->id);
		buf_putc(&p->text, '\t');
		put_id(&p->text, p->order[p->partners[i].rank]->id);
		buf_printf(&p->text, "\t%.4f\n", p->partners[i].jaccard);
		p->n++;
		if (p->text.n > FLUSH && flush(p, e) < 0)
			return e->code;
	}
	return 0;
}

/* The partners of one document, added to those there are. */
static int
add_doc(struct pairs *p, size_t rank, struct err *e)
{
	uint32_t group = group_of(p, rank);
	size_t i;

	if (add_partners(p, group, 1, rank, e) < 0)
		return e->code;
	for (i = p->first_edge[group]; i < p->first_edge[group + 1]; i++)
		if (add_partners(
			p, p->edges[i].group, p->edges[i].jaccard, rank, e) < 0)
			return e->code;
	return 0;
}

/* The documents with one id, from rank on; *n of them, mostly one. */
static int
put_id_lines(struct pairs *p, size_t rank, size_t *n, struct err *e)
{
	p->npartner = 0;
	for (*n = 0; rank + *n < p->ndoc && p->same_id[rank + *n] == rank; ++*n)
		if (add_doc(p, rank + *n, e) < 0)
			return e->code;
	if (p->npartner)
		qsort(p->partners, p->npartner, sizeof(*p->partners), by_rank);
	return put_partners(p, rank, e);
}

int
pairs_write(struct chooser *c, struct out *out, uint64_t *n, struct err *e)
{
	struct pairs p = { .c = c, .out = out };
	size_t i, step;
	int rc = sort_docs(&p, e);

	if (rc == 0)
		rc = list_members(&p, e);
	if (rc == 0)
		rc = list_edges(&p, e);
	for (i = 0; rc == 0 && i < p.ndoc; i += step)
		rc = put_id_lines(&p, i, &step, e);
	if (rc == 0)
		rc = flush(&p, e);
	*n = p.n;
	free(p.order);
	free(p.same_id);
	free(p.members);
	free(p.first);
	free(p.edges);
	free(p.first_edge);
	free(p.partners);
	buf_free(&p.text);
	return rc;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/ranks.h"

/* The parameter whose middle is the first one behind `at`. */
static size_t
behind(const struct params *p, double at)
{
	size_t i = 0;

	while (i < p->n && (double)p->v[i].at + (double)p->v[i].n / 2 < at)
		i++;
	return i;
}

int
ranks_split(
    struct ranks *r, struct link *link, struct program *p, struct err *e)
{
	uint32_t size = link->size, k;

	*r = (struct ranks){ .link = link, .params = p->params.n };
	r->first = calloc(size + 1, sizeof(*r->first));
	r->at = calloc(size + 1, sizeof(*r->at));
	r->squares = calloc((size + 1) * r->params, sizeof(*r->squares));
	if (!r->first || !r->at || !r->squares)
		return err_nomem(e, "the shares of ranks");
	for (k = 1; k < size; k++)
		r->first[k] =
		    behind(&p->params, (double)p->params.size * k / size);
	r->first[size] = p->params.n;
	p->first = r->first[link->rank];
	p->end = r->first[link->rank + 1];
	return 0;
}

int
ranks_open(struct ranks *r, const struct ops *ops, struct err *e)
{
	return collective_open(&r->c, r->link, ops, e);
}

void
ranks_close(struct ranks *r)
{
	collective_close(&r->c);
	free(r->first);
	free(r->at);
	free(r->squares);
	*r = (struct ranks){ 0 };
}

bool
ranks_chief(const struct ranks *r)
{
	return r->link->rank == 0;
}

const size_t *
ranks_shares(struct ranks *r, const struct params *of)
{
	uint32_t k;

	for (k = 0; k <= r->link->size; k++)
		r->at[k] = params_at(of, r->first[k]);
	return r->at;
}

int
ranks_add_up(
    struct ranks *r, struct net *n, uint32_t parts, bool first, struct err *e)
{
	void *grads = n->grads;

	if (!n->total)
		return 0;
	/* Alone, what begins the sum need not be copied. */
	if (first && r->link->size == 1) {
		n->grads = n->total;
		n->total = grads;
		return 0;
	}
	return r->c.reduce_scatter(&r->c, n->total, grads,
	    ranks_shares(r, &n->p->params), parts, first, e);
}

int
ranks_grad_norm(struct ranks *r, struct net *n, double *norm, struct err *e)
{
	double *mine = r->squares, *all = mine + r->params, sum = 0;
	uint32_t k;
	size_t i;

	if (link_agree(r->link, net_grad_squares(n, mine, e), e) < 0 ||
	    link_gather(r->link, mine, r->params * sizeof(*mine), all, e) < 0)
		return e->code;
	for (k = 0; k < r->link->size; k++)
		for (i = r->first[k]; i < r->first[k + 1]; i++)
			sum += all[k * r->params + i];
	*norm = sqrt(sum);
	return 0;
}

int
ranks_spread(struct ranks *r, struct net *n, struct err *e)
{
	net_changed(n);
	return r->c.all_gather(
	    &r->c, n->params, ranks_shares(r, &n->p->params), e);
}

int
ranks_collect(struct ranks *r, float *to, const void *arena,
    const struct params *of, struct err *e)
{
	const size_t *at = ranks_shares(r, of);
	uint32_t k;

	for (k = 0; k < r->link->size; k++)
		if (r->c.fetch(&r->c, to ? to + at[k] : NULL, arena,
			at[k + 1] - at[k], k, e) < 0)
			return e->code;
	return 0;
}

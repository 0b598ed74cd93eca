/* SPDX-License-Identifier: MIT */
#include "train/offload.h"
#include "base/err.h"

static size_t
block_size(const struct program *p)
{
	size_t i, most = 1;

	for (i = p->first; i < p->end; i++)
		if (p->params.v[i].n > most)
			most = p->params.v[i].n;
	return most < OFFLOAD_BLOCK ? most : OFFLOAD_BLOCK;
}

uint64_t
offload_memory(const struct program *p, const struct ops *ops)
{
	return p->offload ? (uint64_t)OFFLOAD_SLOTS * p->moments *
				block_size(p) * ops->real
			  : 0;
}

int
offload_open(struct offload *o, const struct net *n, struct err *e)
{
	size_t size = block_size(n->p) * n->ops->real;
	unsigned i, k;

	*o = (struct offload){ 0 };
	for (i = 0; i < OFFLOAD_SLOTS && n->p->offload; i++)
		for (k = 0; k < n->p->moments; k++) {
			o->slot[i][k] = n->ops->alloc(size);
			if (o->slot[i][k])
				continue;
			offload_close(o, n);
			return err_nomem(e, "moments on their way");
		}
	return 0;
}

void
offload_close(struct offload *o, const struct net *n)
{
	unsigned i, k;

	for (i = 0; i < OFFLOAD_SLOTS; i++)
		for (k = 0; k < 2; k++)
			if (o->slot[i][k])
				n->ops->free(o->slot[i][k]);
	*o = (struct offload){ 0 };
}

/* The block at b->param, b->at, if there is one. */
static bool
measure(struct offload_block *b, const struct program *p)
{
	size_t left;

	if (b->param >= p->end)
		return false;
	left = p->params.v[b->param].n - b->at;
	b->n = left < OFFLOAD_BLOCK ? left : OFFLOAD_BLOCK;
	return true;
}

static bool
next(struct offload_block *b, const struct program *p)
{
	b->at += b->n;
	b->slot = (b->slot + 1) % OFFLOAD_SLOTS;
	if (b->at == p->params.v[b->param].n) {
		b->param++;
		b->at = 0;
	}
	return measure(b, p);
}

/* Between the host and the block's slot. */
static void
carry(const struct offload *o, const struct net *n,
    const struct offload_block *b, enum ops_queue q)
{
	void *const arena[] = { n->m, n->v };
	unsigned k;

	for (k = 0; k < n->p->moments; k++) {
		void *host = net_at(n->ops,
		    net_kept(n, arena[k], &n->p->params, b->param), b->at);
		void *dev = o->slot[b->slot][k];

		n->ops->carry(q, q == OPS_IN ? dev : host,
		    q == OPS_IN ? host : dev, b->n * n->ops->real);
	}
}

void
offload_step(struct offload *o, const struct net *n,
    void (*update)(void *, const struct offload_block *, void *, void *),
    void *ctx)
{
	const struct ops *ops = n->ops;
	struct offload_block now = { .param = n->p->first }, ahead = now;
	bool more = measure(&now, n->p), fetch = measure(&ahead, n->p);
	unsigned i;

	/* What the last step, or a checkpoint, still carries out. */
	ops->follow(OPS_IN, OPS_OUT);
	ops->follow(OPS_IN, OPS_COMPUTE);
	for (i = 0; i < OFFLOAD_SLOTS - 1 && fetch; i++) {
		carry(o, n, &ahead, OPS_IN);
		fetch = next(&ahead, n->p);
	}
	for (; more; more = next(&now, n->p)) {
		ops->follow(OPS_COMPUTE, OPS_IN);
		update(ctx, &now, o->slot[now.slot][0], o->slot[now.slot][1]);
		/* The slot of the block before this one, as soon as it's out.
		 */
		ops->follow(OPS_IN, OPS_OUT);
		ops->follow(OPS_OUT, OPS_COMPUTE);
		carry(o, n, &now, OPS_OUT);
		if (!fetch)
			continue;
		carry(o, n, &ahead, OPS_IN);
		fetch = next(&ahead, n->p);
	}
	ops->follow(OPS_COMPUTE, OPS_OUT);
}

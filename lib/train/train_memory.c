/* SPDX-License-Identifier: MIT */
/* What a run needs of its device's memory, and what would need less. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "train/run.h"

size_t
run_tokens(const struct run *t, uint32_t micro)
{
	size_t n = (size_t)micro * t->rows->max_seq;

	return t->valid && t->valid->max_seq > n ? t->valid->max_seq : n;
}

bool
run_several(const struct run *t, uint32_t micro)
{
	return t->rows->max_rows > micro || t->ranks.link->size > 1;
}

int
run_offload(struct run *t, const struct ops *ops, struct err *e)
{
	/* Who copies bytes to and from a device copies them the same way. */
	if (t->o->offload && ops->get == ops->put)
		return err_set(e, ERR_ARG,
		    "--offload is of a device with a memory of its own, not of "
		    "%s",
		    ops->name);
	t->p.offload = t->o->offload;
	return 0;
}

/* An update, for what it keeps beside its arrays. */
static void
rehearse_update(void *ctx, struct net *n)
{
	const struct run *t = ctx;
	struct optimiser s = { .o = t->c.recipe.optimiser,
		.n = n,
		.x = n->m,
		.y = n->m,
		.a = n->m,
		.b = n->m };
	struct err e;

	if (!n->p->offload)
		optimiser_step(&s, 0, 1, 1, &e);
}

void
run_rows(const struct run *t, struct program *p)
{
	p->row[0] = t->rows->max_seq;
	p->row[1] = t->valid ? t->valid->max_seq : 0;
}

static void
memory_of(const struct run *t, const struct program *p, const struct ops *ops,
    struct net_memory *m)
{
	uint64_t more = optimiser_memory(&t->c.recipe.optimiser, p, ops);

	net_memory(p, ops, m, rehearse_update, (void *)(uintptr_t)t);
	m->optimiser += more;
	m->total += more + collective_memory(t->ranks.link, ops);
}

void
run_memory(const struct run *t, const struct ops *ops, struct net_memory *m)
{
	memory_of(t, &t->p, ops, m);
}

/* Bytes that the run may have; 0: not known. */
static uint64_t
limit(const struct run *t, const struct ops *ops)
{
	uint64_t has = ops->memory();

	/* Ranks of one machine share it; each has a card. */
	if (ops->memory == ops_cpu(0)->memory)
		has /= t->ranks.link->local;
	return t->o->memory && (!has || t->o->memory < has) ? t->o->memory
							    : has;
}

static bool
can_offload(const struct run *t, const struct ops *ops)
{
	enum optimiser_kind k = t->c.recipe.optimiser.kind;

	return ops->get != ops->put &&
	       (k == OPTIMISER_ADAMW || k == OPTIMISER_LION);
}

/* What it would need with other micro-batches, and more of it recomputed. */
static uint64_t
otherwise(const struct run *t, const struct model_config *c,
    const struct ops *ops, uint32_t micro, unsigned flags, bool offload)
{
	struct program p = { 0 };
	struct net_memory m = { .total = UINT64_MAX };
	struct err e;

	if (program_build(
		&p, c, run_tokens(t, micro), t->p.flags | flags, &e) == 0 &&
	    (p.offload = offload, true) &&
	    optimiser_plan(&t->c.recipe.optimiser, &p, &e) == 0) {
		run_rows(t, &p);
		p.first = t->p.first;
		p.end = t->p.end;
		p.several = run_several(t, micro);
		memory_of(t, &p, ops, &m);
	}
	program_free(&p);
	return m.total;
}

/* The most rows that fit, halving; 0: not one does. */
static uint32_t
rows_that_fit(const struct run *t, const struct model_config *c,
    const struct ops *ops, unsigned flags, bool offload, uint64_t has)
{
	uint32_t n = t->c.recipe.micro_batch;

	while (n > 0 && otherwise(t, c, ops, n, flags, offload) > has)
		n /= 2;
	return n;
}

/* The first of the ways to need less that is enough. */
static void
advise(char *s, size_t size, const struct run *t, const struct model_config *c,
    const struct ops *ops, double unit)
{
	static const struct {
		unsigned flags;
		bool offload;
		const char *how;
	} ways[] = { { 0, false, "" },
		{ RECOMPUTE_LAYER, false, "--recompute layer with " },
		{ RECOMPUTE_LAYER, true,
		    "--offload optimizer with --recompute layer and " } };
	bool away = t->p.offload, may = away || can_offload(t, ops);
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (ways[i].offload && (away || !may))
			continue;
		n = rows_that_fit(
		    t, c, ops, ways[i].flags, away || ways[i].offload, t->has);
		if (n == 0)
			continue;
		snprintf(s, size, "%s--micro-batch %u fits", ways[i].how, n);
		return;
	}
	snprintf(s, size,
	    "%s--recompute layer with --micro-batch 1 needs %.1f still: a "
	    "smaller model does it",
	    may ? "--offload optimizer and " : "",
	    (double)otherwise(t, c, ops, 1, RECOMPUTE_LAYER, may) / unit);
}

/* Moments of the host's memory, which the processor has. */
static int
host_fits(struct run *t, const struct net_memory *m, struct err *e)
{
	uint64_t has = ops_cpu(0)->memory() / t->ranks.link->local;

	t->host = m->host;
	if (!has || m->host <= has)
		return 0;
	return err_set(e, ERR_ARG,
	    "--offload wants %.1f GiB of the host's memory for moments, there "
	    "are %.1f; without it the device holds them",
	    (double)m->host / (1 << 30), (double)has / (1 << 30));
}

int
run_fits(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e)
{
	struct net_memory m;
	char advice[160];
	double unit;

	t->has = limit(t, ops);
	run_memory(t, ops, &m);
	if (host_fits(t, &m, e) < 0)
		return e->code;
	if (!t->has || m.total <= t->has)
		return 0;
	unit = m.total >> 30 ? 1 << 30 : 1 << 20;
	advise(advice, sizeof(advice), t, c, ops, unit);
	return err_set(e, ERR_ARG,
	    "the run needs %.1f %s, the %s device %s %.1f; %s",
	    (double)m.total / unit, m.total >> 30 ? "GiB" : "MiB", ops->name,
	    t->has == t->o->memory ? "may use" : "has", (double)t->has / unit,
	    advice);
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "train/optimiser.h"

static const char *const names[OPTIMISERS] = { [OPTIMISER_ADAMW] = "adamw",
	[OPTIMISER_LION] = "lion",
	[OPTIMISER_MUON] = "muon",
	[OPTIMISER_ADAFACTOR] = "adafactor" };

int
optimiser_kind(enum optimiser_kind *k, const char *name, struct err *e)
{
	int i;

	for (i = 0; i < OPTIMISERS; i++)
		if (strcmp(names[i], name) == 0) {
			*k = (enum optimiser_kind)i;
			return 0;
		}
	return err_set(e, ERR_ARG, "no optimizer '%s'", name);
}

const char *
optimiser_name(enum optimiser_kind k)
{
	return names[k];
}

int
optimiser_plan(
    const struct optimiser_options *o, struct program *p, struct err *e)
{
	p->moments = o->kind == OPTIMISER_LION ? 1 : 2;
	if (p->offload && o->kind != OPTIMISER_ADAMW &&
	    o->kind != OPTIMISER_LION)
		return err_set(e, ERR_ARG,
		    "the moments of adamw and lion can lie on the host, not "
		    "what %s keeps",
		    names[o->kind]);
	if (o->kind != OPTIMISER_ADAFACTOR)
		return 0;
	p->moments = o->momentum > 0;
	return params_sides(&p->rows, &p->cols, &p->params, e);
}

/* Elements of the largest matrix that muon turns. */
static size_t
largest(const struct optimiser_options *o, const struct program *p)
{
	size_t i, most = 0;

	for (i = p->first; o->kind == OPTIMISER_MUON && i < p->end; i++)
		if (p->params.v[i].role == ROLE_MATRIX &&
		    p->params.v[i].n > most)
			most = p->params.v[i].n;
	return most;
}

uint64_t
optimiser_memory(const struct optimiser_options *o, const struct program *p,
    const struct ops *ops)
{
	return (uint64_t)largest(o, p) * 4 * ops->real + offload_memory(p, ops);
}

int
optimiser_open(struct optimiser *s, const struct optimiser_options *o,
    struct net *n, struct err *e)
{
	size_t size = largest(o, n->p) * n->ops->real;

	*s = (struct optimiser){ .o = *o, .n = n };
	if (size == 0)
		return offload_open(&s->away, n, e);
	s->x = n->ops->alloc(size);
	s->y = n->ops->alloc(size);
	s->a = n->ops->alloc(size);
	s->b = n->ops->alloc(size);
	if (s->x && s->y && s->a && s->b)
		return 0;
	optimiser_close(s);
	return err_nomem(e, "the optimiser");
}

void
optimiser_close(struct optimiser *s)
{
	void *all[] = { s->x, s->y, s->a, s->b };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i])
			s->n->ops->free(all[i]);
	if (s->n)
		offload_close(&s->away, s->n);
	*s = (struct optimiser){ 0 };
}

/* Five steps of a polynomial that drives singular values towards 1. */
static void
orthogonalise(struct optimiser *s, int rows, int cols)
{
	static const double p[] = { 3.4445, -4.7750, 2.0315 };
	const struct ops *ops = s->n->ops;
	bool wide = rows <= cols;
	int k = wide ? rows : cols, i;
	size_t n = (size_t)rows * (size_t)cols, kk = (size_t)k * (size_t)k;
	void *t;

	for (i = 0; i < 5; i++) {
		/* a = x x' (x' x if tall), b = p1 a + p2 a a */
		ops->matmul(
		    s->a, s->x, s->x, k, k, wide ? cols : rows, !wide, wide, 0);
		ops->matmul(s->b, s->a, s->a, k, k, k, 0, 0, 0);
		ops->blend(s->b, s->a, s->b, kk, p[1], p[2]);
		/* y = b x (x b if tall), x = p0 x + y */
		ops->matmul(s->y, wide ? s->b : s->x, wide ? s->x : s->b, rows,
		    cols, k, 0, 0, 0);
		ops->blend(s->y, s->x, s->y, n, p[0], 1);
		t = s->x;
		s->x = s->y;
		s->y = t;
	}
}

/*
 * m = b m + (1-b) g;  u = b m + (1-b) g, made half-orthogonal;
 * p = (1 - lr decay) p - lr .2 sqrt(larger side) u: the size of AdamW's.
 * Source: Jordan et al. 2024, Muon; Liu et al., arXiv 2502.16982, for the size.
 */
static int
muon(struct optimiser *s, size_t i, const struct adamw *o, struct err *e)
{
	const struct ops *ops = s->n->ops;
	const struct params *all = &s->n->p->params;
	const struct param *p = &all->v[i];
	void *w = net_at(ops, s->n->params, p->at);
	void *g = net_gradient(s->n, i);
	void *m = net_kept(s->n, s->n->m, all, i);
	int rows = (int)p->shape[0], cols = (int)p->shape[1];
	double b = o->beta1, sum, size;

	ops->blend(m, m, g, p->n, b, (1 - b) * o->scale);
	ops->blend(s->x, m, g, p->n, b, (1 - b) * o->scale);
	ops->sumsq(s->n->sum, s->x, p->n);
	ops->get(&sum, s->n->sum, sizeof(sum));
	if (ops->sync(e) < 0)
		return e->code;
	ops->blend(s->x, s->x, s->x, p->n, 1 / (sqrt(sum) + 1e-12), 0);
	orthogonalise(s, rows, cols);
	size = .2 * sqrt(rows > cols ? rows : cols);
	ops->blend(w, w, s->x, p->n, 1 - o->lr * o->decay, -o->lr * size);
	return 0;
}

/* Parameter i; o has what the options and the step say. */
static void
adafactor(struct optimiser *s, size_t i, const struct adamw *o, uint64_t step)
{
	const struct net *n = s->n;
	const struct param *p = &n->p->params.v[i];
	struct adafactor f = { .lr = o->lr,
		.decay = o->decay,
		.scale = o->scale,
		.beta1 = s->o.momentum,
		.beta2 = 1 - pow((double)step + 1, -s->o.decay_rate),
		.limit = s->o.limit,
		.by_rms = s->o.by_rms };
	size_t cols = param_cols(p);

	n->ops->adafactor(net_at(n->ops, n->params, p->at), net_gradient(n, i),
	    n->m ? net_kept(n, n->m, &n->p->params, i) : NULL,
	    net_kept(n, n->rows, &n->p->rows, i),
	    net_kept(n, n->cols, &n->p->cols, i), (int)(p->n / cols), (int)cols,
	    &f);
}

/* Does parameter i decay? */
static double
decay_of(const struct optimiser *s, size_t i)
{
	enum param_role role = s->n->p->params.v[i].role;

	return role == ROLE_VECTOR ||
		       (role == ROLE_EMBEDDING && s->o.spare_embeddings)
		   ? 0
		   : s->o.decay;
}

/* A step whose moments visit the device. */
struct visit {
	const struct optimiser *s;
	struct adamw o;
};

static void
update_block(void *ctx, const struct offload_block *b, void *m, void *v)
{
	struct visit *x = ctx;
	const struct net *n = x->s->n;
	const struct param *p = &n->p->params.v[b->param];
	void *w = net_at(n->ops, n->params, p->at + b->at);
	void *g = net_at(n->ops, net_gradient(n, b->param), b->at);

	x->o.decay = decay_of(x->s, b->param);
	if (x->s->o.kind == OPTIMISER_LION)
		n->ops->lion(w, g, m, b->n, &x->o);
	else
		n->ops->adamw(w, g, m, v, b->n, &x->o);
}

static int
update(struct optimiser *s, size_t i, const struct adamw *o, struct err *e)
{
	const struct net *n = s->n;
	const struct params *all = &n->p->params;
	const struct param *p = &all->v[i];
	void *w = net_at(n->ops, n->params, p->at), *g = net_gradient(n, i);
	void *m = net_kept(n, n->m, all, i);

	if (s->o.kind == OPTIMISER_MUON && p->role == ROLE_MATRIX)
		return muon(s, i, o, e);
	if (s->o.kind == OPTIMISER_LION)
		n->ops->lion(w, g, m, p->n, o);
	else
		n->ops->adamw(w, g, m, net_kept(n, n->v, all, i), p->n, o);
	return 0;
}

int
optimiser_step(
    struct optimiser *s, uint64_t step, double lr, double scale, struct err *e)
{
	struct adamw o = { .lr = lr,
		.beta1 = s->o.beta1,
		.beta2 = s->o.beta2,
		.eps = s->o.eps,
		.scale = scale };
	size_t i;

	net_changed(s->n);
	o.c1 = 1 - pow(o.beta1, (double)step + 1);
	o.c2 = 1 - pow(o.beta2, (double)step + 1);
	/* A checkpoint may still be on its way out. */
	s->n->ops->follow(OPS_COMPUTE, OPS_OUT);
	if (s->n->p->offload) {
		struct visit x = { s, o };

		offload_step(&s->away, s->n, update_block, &x);
		return 0;
	}
	for (i = s->n->p->first; i < s->n->p->end; i++) {
		o.decay = decay_of(s, i);
		if (s->o.kind == OPTIMISER_ADAFACTOR)
			adafactor(s, i, &o, step);
		else if (update(s, i, &o, e) < 0)
			return e->code;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/net.h"

size_t
net_logits_row(const struct program *p, const struct ops *ops)
{
	return (p->config.vocab + ops->wide - 1) / ops->wide * ops->wide;
}

/* Fewer where they are wide, by whole blocks of the least there can be. */
size_t
net_chunk(const struct program *p, const struct ops *ops)
{
	enum { LEAST = 256 };
	size_t n = ops->chunk, row = net_logits_row(p, ops) * ops->real;

	if (ops->chunk_bytes && n > ops->chunk_bytes / row)
		n = ops->chunk_bytes / row / LEAST * LEAST;
	if (n < LEAST)
		n = LEAST;
	return p->tokens < n ? p->tokens : n;
}

/*
 * Elements behind an arena of parameters or gradients: the head is used with
 * as many rows as logits have columns, whatever lies there.
 */
static size_t
behind(const struct program *p, const struct ops *ops)
{
	return (net_logits_row(p, ops) - p->config.vocab) * p->config.dim;
}

static bool
has_narrow(const struct ops *ops)
{
	return ops->act < ops->real;
}

const void *
net_weights(const struct net *n, size_t at, int *how)
{
	*how = n->narrow ? MATMUL_B : 0;
	return n->narrow ? net_act(n->ops, n->narrow, at)
			 : net_at(n->ops, n->params, at);
}

void
net_refresh(struct net *n)
{
	if (n->narrow && n->stale)
		n->ops->narrow(n->narrow, n->params,
		    n->p->params.size + behind(n->p, n->ops));
	n->stale = false;
}

unsigned
net_flags(const struct ops *ops)
{
	return ops->act < ops->real ? PROGRAM_HALF : 0;
}

/* An address that nothing is at, as aligned as memory is. */
static void *
nowhere(void)
{
	return (void *)((uintptr_t)1 << 20);
}

/* A net whose arrays aren't there: for what isn't done. */
static void
rehearsed_net(struct net *n, const struct program *p, const struct ops *ops)
{
	void *x = nowhere();

	*n = (struct net){ .p = p,
		.ops = ops,
		.params = x,
		.narrow = has_narrow(ops) ? x : NULL,
		.grads = x,
		.m = x,
		.v = x,
		.total = p->several ? x : NULL,
		.rows = x,
		.cols = x,
		.arena = x,
		.logits = x,
		.loss = x,
		.rope = x,
		.positions =
		    p->config.position == POSITION_SINUSOIDAL ? x : NULL,
		.bias = x,
		.bucket = x,
		.ids = x,
		.targets = x,
		.first = x,
		.last = x,
		.sum = x,
		.draws = x,
		.embed_grad = 1 };
}

/* What passes over rows of T keep, and the norm of the gradient. */
static void
rehearse_rows(struct net *n, uint32_t T)
{
	const struct program *p = n->p;
	struct pass s = { .n = n,
		.B = (int)(p->tokens / T),
		.T = (int)T,
		.first = n->first,
		.last = n->last,
		.train = p->backward,
		.losses = true };
	size_t i;

	s.N = s.B * s.T;
	pass_forward(&s);
	if (!p->backward)
		return;
	pass_backward(&s);
	s.train = false;
	pass_forward(&s);
	for (i = p->first; i < p->end; i++)
		n->ops->sumsq(n->sum, n->grads, p->params.v[i].n);
}

static uint64_t
scratch(const struct program *p, const struct ops *ops,
    void (*more)(void *ctx, struct net *n), void *ctx)
{
	struct net n;
	size_t i;

	if (ops->rehearse) {
		ops->rehearse();
		rehearsed_net(&n, p, ops);
		for (i = 0; i < sizeof(p->row) / sizeof(*p->row); i++)
			if (p->row[i])
				rehearse_rows(&n, p->row[i]);
		if (!p->row[0])
			rehearse_rows(&n, (uint32_t)p->tokens);
		if (more)
			more(ctx, &n);
	}
	return ops->scratch();
}

/* What its tables and small arrays take. */
static uint64_t
small(const struct program *p, const struct ops *ops)
{
	return positions_size(p) * ops->real +
	       p->tokens * (ops->real + 4 * sizeof(int32_t)) +
	       p->params.n * sizeof(double) + 2 * sizeof(uint64_t);
}

void
net_memory(const struct program *p, const struct ops *ops, struct net_memory *m,
    void (*more)(void *ctx, struct net *n), void *ctx)
{
	uint64_t real = ops->real;
	uint64_t all = p->params.size + behind(p, ops);
	uint64_t moments = p->moments * net_kept_size(p, &p->params);
	uint64_t kept = (p->offload ? 0 : moments) +
			p->several * net_kept_size(p, &p->params) +
			net_kept_size(p, &p->rows) +
			net_kept_size(p, &p->cols) +
			p->several * behind(p, ops);

	m->params = all * real;
	m->optimiser = p->backward ? m->params + kept * real : 0;
	m->params += has_narrow(ops) ? all * ops->act : 0;
	m->host = p->offload ? moments * real : 0;
	m->activations = p->arena * ops->act;
	m->logits = (uint64_t)net_chunk(p, ops) * net_logits_row(p, ops) * real;
	m->scratch = scratch(p, ops, more, ctx);
	m->total = m->params + m->optimiser + m->activations + m->logits +
		   m->scratch + small(p, ops);
}

static double
mib(uint64_t bytes)
{
	return (double)bytes / 1048576;
}

size_t
net_kept_size(const struct program *p, const struct params *of)
{
	return of->n ? params_at(of, p->end) - params_at(of, p->first) : 0;
}

void *
net_kept(
    const struct net *n, const void *arena, const struct params *of, size_t i)
{
	return net_at(
	    n->ops, arena, params_at(of, i) - params_at(of, n->p->first));
}

/* An arena for a rank's own parameters, if any; false: memory is out. */
static bool
alloc_kept(struct net *n, void **arena, const struct params *of, bool wanted,
    size_t more)
{
	size_t size = net_kept_size(n->p, of) + more;

	if (!wanted || of->n == 0)
		return true;
	/* Of no parameters: an address all the same. */
	*arena = n->ops->alloc((size ? size : 1) * n->ops->real);
	return *arena != NULL;
}

/* A moment, where they lie. */
static bool
alloc_moment(struct net *n, void **arena, bool wanted)
{
	size_t size = net_kept_size(n->p, &n->p->params);

	if (!n->p->offload || !wanted)
		return alloc_kept(n, arena, &n->p->params, wanted, 0);
	*arena = n->ops->pin((size ? size : 1) * n->ops->real);
	return *arena != NULL;
}

/* Gradients, and what the optimiser keeps. */
static bool
alloc_backward(struct net *n)
{
	const struct program *p = n->p;

	n->grads =
	    n->ops->alloc((p->params.size + behind(p, n->ops)) * n->ops->real);
	return n->grads && alloc_moment(n, &n->m, p->moments > 0) &&
	       alloc_moment(n, &n->v, p->moments > 1) &&
	       alloc_kept(n, &n->rows, &p->rows, true, 0) &&
	       alloc_kept(n, &n->cols, &p->cols, true, 0) &&
	       /* It may be grads next time: ranks_add_up(). */
	       alloc_kept(
		   n, &n->total, &p->params, p->several, behind(p, n->ops));
}

static bool
alloc_all(struct net *n)
{
	const struct program *p = n->p;
	size_t real = n->ops->real, all = p->params.size + behind(p, n->ops);

	n->params = n->ops->alloc(all * real);
	if (has_narrow(n->ops))
		n->narrow = n->ops->alloc(all * n->ops->act);
	if (p->backward && !alloc_backward(n))
		return false;
	n->arena = n->ops->alloc(p->arena * n->ops->act);
	n->logits = n->ops->alloc(
	    net_chunk(p, n->ops) * net_logits_row(p, n->ops) * real);
	n->loss = n->ops->alloc(p->tokens * real);
	n->ids = n->ops->alloc(p->tokens * sizeof(*n->ids));
	n->targets = n->ops->alloc(p->tokens * sizeof(*n->targets));
	n->first = n->ops->alloc(p->tokens * sizeof(*n->first));
	n->last = n->ops->alloc(p->tokens * sizeof(*n->last));
	n->sum = n->ops->alloc(p->params.n * sizeof(*n->sum));
	n->draws = n->ops->alloc(2 * sizeof(*n->draws));
	n->host_ids = n->ops->pin(2 * p->tokens * sizeof(*n->host_ids));
	n->host_loss = n->ops->pin(p->tokens * real);
	return n->params && (n->narrow || !has_narrow(n->ops)) && n->arena &&
	       n->logits && n->loss && n->ids && n->targets && n->first &&
	       n->last && n->sum && n->draws && n->host_ids && n->host_loss;
}

int
net_fits(uint64_t bytes, const struct ops *ops, struct err *e)
{
	uint64_t has = ops->memory();

	if (has == 0 || bytes <= has)
		return 0;
	return err_set(e, ERR_NOMEM,
	    "the model needs %.1f MiB, the %s device has %.1f", mib(bytes),
	    ops->name, mib(has));
}

int
net_open(struct net *n, const struct program *p, const struct ops *ops,
    struct err *e)
{
	struct net_memory m;

	*n = (struct net){ .p = p, .ops = ops, .embed_grad = 1 };
	if ((p->flags & PROGRAM_HALF) != net_flags(ops))
		return err_set(e, ERR_ARG,
		    "the program is for activations of another width");
	net_memory(p, ops, &m, NULL, NULL);
	if (net_fits(m.total, ops, e) < 0)
		return e->code;
	if (!alloc_all(n)) {
		net_close(n);
		return err_set(e, ERR_NOMEM,
		    "the %s device has not the %.1f MiB that the model needs, "
		    "or the host not the %.1f that the device can reach",
		    ops->name, mib(m.total),
		    mib(m.host +
			p->tokens * (2 * sizeof(int32_t) + ops->real)));
	}
	ops->zero(n->params, p->params.size + behind(p, ops));
	n->stale = true;
	if (p->backward) {
		ops->zero(n->grads, p->params.size + behind(p, ops));
		net_forget(n);
	}
	if (positions_open(n, e) < 0) {
		net_close(n);
		return e->code;
	}
	return 0;
}

void
net_close(struct net *n)
{
	bool away = n->p && n->p->offload;
	void *dev[] = { n->params, n->narrow, n->grads, n->total,
		away ? NULL : n->m, away ? NULL : n->v, n->rows, n->cols,
		n->arena, n->logits, n->loss, n->ids, n->targets, n->first,
		n->last, n->sum, n->draws };
	void *host[] = { n->host_ids, n->host_loss, away ? n->m : NULL,
		away ? n->v : NULL };
	size_t i;

	pass_forget(n);
	for (i = 0; n->ops && i < sizeof(dev) / sizeof(*dev); i++)
		if (dev[i])
			n->ops->free(dev[i]);
	for (i = 0; n->ops && i < sizeof(host) / sizeof(*host); i++)
		if (host[i])
			n->ops->unpin(host[i]);
	positions_close(n);
	*n = (struct net){ 0 };
}

/* Tokens of rows that are `stride` apart, checked. */
static int
put_tokens(struct net *n, const uint32_t *rows, uint32_t B, uint32_t T,
    uint32_t stride, const uint8_t *loss, struct err *e)
{
	int32_t *ids = n->host_ids, *targets = ids + n->p->tokens;
	size_t size = (size_t)B * T, at;
	uint32_t b, t, id;

	if (size > n->p->tokens || T > n->p->config.max_seq)
		return err_set(e, ERR_ARG,
		    "%u rows of %u tokens are more than the model was set up "
		    "for (%zu tokens, rows to %u)",
		    B, T, n->p->tokens, n->p->config.max_seq);
	for (b = 0; b < B; b++)
		for (t = 0; t < stride; t++) {
			id = rows[(size_t)b * stride + t];
			at = (size_t)b * T + t;
			if (id >= n->p->config.vocab)
				return err_set(e, ERR_FORMAT,
				    "row %u, column %u: token %u is not in "
				    "the model's vocabulary of %u",
				    b, t, id, n->p->config.vocab);
			if (t < T)
				ids[at] = (int32_t)id;
			if (t > 0 && stride > T)
				targets[at - 1] =
				    loss && !loss[at - 1] ? -1 : (int32_t)id;
		}
	n->ops->carry(OPS_COMPUTE, n->ids, ids, size * sizeof(*ids));
	if (stride > T)
		n->ops->carry(
		    OPS_COMPUTE, n->targets, targets, size * sizeof(*targets));
	return 0;
}

/* Where tokens may look, if rows say so. */
static void
put_bounds(struct pass *s, const struct rows *rows)
{
	struct net *n = s->n;
	size_t size = (size_t)s->N * sizeof(int32_t);

	if (rows->first) {
		n->ops->put(n->first, rows->first, size);
		s->first = n->first;
	}
	if (rows->last) {
		n->ops->put(n->last, rows->last, size);
		s->last = n->last;
	}
}

/* Which draws of dropout the rows get. */
static void
put_draws(struct net *n, uint32_t T)
{
	const struct net_dropout *d = &n->dropout;
	uint64_t more[] = { d->step << 20, (uint64_t)d->row * T };

	if (d->embedding > 0 || d->residual > 0 || d->attention > 0)
		n->ops->put(n->draws, more, sizeof(more));
}

static double
host_loss(const struct net *n, size_t i)
{
	const float *f = n->host_loss;
	const double *d = n->host_loss;

	return n->ops->real == sizeof(double) ? d[i] : (double)f[i];
}

/* In order, in double. */
static int
add_losses(struct net *n, size_t count, double *loss, struct err *e)
{
	size_t i;
	int rc;

	n->ops->get(n->host_loss, n->loss, count * n->ops->real);
	rc = n->ops->sync(e);
	for (i = 0; i < count; i++)
		*loss += host_loss(n, i);
	return rc;
}

double
net_row_loss(const struct net *n, uint32_t row, uint32_t T)
{
	double sum = 0;
	uint32_t t;

	for (t = 0; t < T; t++)
		sum += host_loss(n, (size_t)row * T + t);
	return sum;
}

static int
run_rows(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    double scale, bool train, double *loss, struct err *e)
{
	struct pass s = { .n = n,
		.B = (int)B,
		.T = (int)T,
		.N = (int)(B * T),
		.train = train,
		.losses = true,
		.scale = scale };

	if (put_tokens(n, rows->tokens, B, T, T + 1, rows->loss, e) < 0)
		return e->code;
	put_bounds(&s, rows);
	put_draws(n, T);
	pass_rows(&s);
	if (train)
		n->fresh = false;
	return add_losses(n, (size_t)s.N, loss, e);
}

int
net_train(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    double scale, double *loss, struct err *e)
{
	return run_rows(n, rows, B, T, scale, true, loss, e);
}

int
net_loss(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    double *loss, struct err *e)
{
	return run_rows(n, rows, B, T, 0, false, loss, e);
}

/* Is the gradient at `at` that of a matrix which one node writes as a whole? */
static bool
of_product(const struct program *p, size_t at)
{
	const struct node *x;
	size_t i, n;

	for (i = 0; i < p->nodes; i++) {
		x = &p->node[i];
		if (x->kind == NODE_LINEAR)
			n = (size_t)p->tensor[x->in].width *
			    p->tensor[x->out].width;
		else if (x->kind == NODE_LOSS)
			n = (size_t)p->tensor[x->in].width * p->config.vocab;
		else
			continue;
		if (at >= x->param && at - x->param < n)
			return true;
	}
	return false;
}

void
net_zero_grads(struct net *n)
{
	const struct params *all = &n->p->params;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (!of_product(n->p, all->v[i].at))
			n->ops->zero(net_at(n->ops, n->grads, all->v[i].at),
			    all->v[i].n);
	n->fresh = true;
}

void
net_changed(struct net *n)
{
	n->stale = true;
}

void
net_forget(struct net *n)
{
	const struct program *p = n->p;

	if (n->m)
		n->ops->zero(n->m, net_kept_size(p, &p->params));
	if (n->v)
		n->ops->zero(n->v, net_kept_size(p, &p->params));
	if (n->rows)
		n->ops->zero(n->rows, net_kept_size(p, &p->rows));
	if (n->cols)
		n->ops->zero(n->cols, net_kept_size(p, &p->cols));
}

void *
net_gradient(const struct net *n, size_t i)
{
	const struct params *all = &n->p->params;

	return n->total ? net_kept(n, n->total, all, i)
			: net_at(n->ops, n->grads, all->v[i].at);
}

int
net_grad_squares(struct net *n, double *squares, struct err *e)
{
	size_t first = n->p->first, end = n->p->end, i;

	for (i = first; i < end; i++)
		n->ops->sumsq(
		    n->sum + i, net_gradient(n, i), n->p->params.v[i].n);
	n->ops->get(
	    squares + first, n->sum + first, (end - first) * sizeof(*squares));
	return n->ops->sync(e);
}

int
net_grad_norm(struct net *n, double *norm, struct err *e)
{
	size_t i, all = n->p->params.n;
	double *squares = calloc(all, sizeof(*squares)), sum = 0;
	int rc = squares ? net_grad_squares(n, squares, e)
			 : err_nomem(e, "the norm of gradients");

	for (i = 0; i < all && squares; i++)
		sum += squares[i];
	free(squares);
	*norm = sqrt(sum);
	return rc;
}

int
cache_open(struct cache *c, const struct net *n, uint32_t max, struct err *e)
{
	const struct model_config *m = &n->p->config;
	size_t size =
	    (size_t)m->layers * max * m->kv_heads * m->head_dim * n->ops->real;

	*c = (struct cache){ .ops = n->ops, .max = max };
	c->keys = n->ops->alloc(size);
	c->values = n->ops->alloc(size);
	if (c->keys && c->values)
		return 0;
	cache_close(c);
	return err_nomem(e, "keys and values");
}

void
cache_close(struct cache *c)
{
	if (c->keys)
		c->ops->free(c->keys);
	if (c->values)
		c->ops->free(c->values);
	*c = (struct cache){ 0 };
}

/* Logits of `rows` hidden rows from `from` on, to the host. */
static int
get_logits(struct net *n, size_t from, int rows, float *to, struct err *e)
{
	const struct model_config *c = &n->p->config;
	const struct tensor *h = &n->p->tensor[n->p->last_hidden];

	int how;
	const void *head = net_weights(n, n->p->params.head, &how);

	n->ops->matmul(n->logits,
	    net_act(n->ops, n->arena, h->at + from * c->dim), head, rows,
	    (int)c->vocab, (int)c->dim, 0, 1, MATMUL_A | how);
	return net_get(n->ops, to, n->logits, 0, (size_t)rows * c->vocab, e);
}

/* count tokens of one sequence, and their targets behind them if losses. */
static int
run_step(struct net *n, struct cache *c, const uint32_t *tokens, uint32_t count,
    bool losses, struct err *e)
{
	struct pass s = { .n = n,
		.B = 1,
		.T = (int)count,
		.N = (int)count,
		.pos = (int)c->used,
		.losses = losses,
		.cache = c };

	if (count > c->max - c->used || c->used + count > n->p->config.max_seq)
		return err_set(e, ERR_ARG,
		    "the sequence is longer than the %u positions there are",
		    c->max < n->p->config.max_seq ? c->max
						  : n->p->config.max_seq);
	if (put_tokens(n, tokens, 1, count, count + losses, NULL, e) < 0)
		return e->code;
	net_refresh(n);
	pass_forward(&s);
	c->used += count;
	return 0;
}

int
net_step(struct net *n, struct cache *c, const uint32_t *tokens, uint32_t count,
    float *logits, struct err *e)
{
	if (run_step(n, c, tokens, count, false, e) < 0)
		return e->code;
	return logits ? get_logits(n, count - 1, 1, logits, e)
		      : n->ops->sync(e);
}

int
net_score(struct net *n, struct cache *c, const uint32_t *tokens,
    uint32_t count, double *loss, struct err *e)
{
	if (run_step(n, c, tokens, count, true, e) < 0)
		return e->code;
	return add_losses(n, count, loss, e);
}

int
net_logits(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    float *logits, struct err *e)
{
	struct pass s = { .n = n, .B = (int)B, .T = (int)T, .N = (int)(B * T) };
	size_t V = n->p->config.vocab, i, N = (size_t)B * T, m;
	size_t chunk = net_chunk(n->p, n->ops);

	if (put_tokens(n, rows->tokens, B, T, T, NULL, e) < 0)
		return e->code;
	put_bounds(&s, rows);
	net_refresh(n);
	pass_forward(&s);
	for (i = 0; i < N; i += chunk) {
		m = N - i < chunk ? N - i : chunk;
		if (get_logits(n, i, (int)m, logits + i * V, e) < 0)
			return e->code;
	}
	return 0;
}

enum { PIECE = 4096 };

int
net_put(const struct ops *ops, void *to, size_t at, const float *from, size_t n,
    struct err *e)
{
	double wide[PIECE];
	size_t i, j, m;

	if (ops->real == sizeof(float)) {
		ops->put(net_at(ops, to, at), from, n * sizeof(*from));
		return ops->sync(e);
	}
	for (i = 0; i < n; i += PIECE) {
		m = n - i < PIECE ? n - i : PIECE;
		for (j = 0; j < m; j++)
			wide[j] = (double)from[i + j];
		ops->put(net_at(ops, to, at + i), wide, m * sizeof(*wide));
	}
	return ops->sync(e);
}

int
net_get(const struct ops *ops, float *to, const void *from, size_t at, size_t n,
    struct err *e)
{
	double wide[PIECE];
	size_t i, j, m;

	if (ops->real == sizeof(float)) {
		ops->get(to, net_at(ops, from, at), n * sizeof(*to));
		return ops->sync(e);
	}
	for (i = 0; i < n; i += PIECE) {
		m = n - i < PIECE ? n - i : PIECE;
		ops->get(wide, net_at(ops, from, at + i), m * sizeof(*wide));
		for (j = 0; j < m; j++)
			to[i + j] = (float)wide[j];
	}
	return ops->sync(e);
}

/* SPDX-License-Identifier: MIT */
/* What each kind of node does, forward and backward. */
#include <math.h>

#include "train/net.h"

void *
net_at(const struct ops *ops, const void *array, size_t at)
{
	return (char *)(uintptr_t)array + at * ops->real;
}

void *
net_act(const struct ops *ops, const void *array, size_t at)
{
	return (char *)(uintptr_t)array + at * ops->act;
}

/* A tensor's memory, a parameter's, and its gradient's. */
static void *
tensor_at(const struct pass *s, int t)
{
	return net_act(s->n->ops, s->n->arena, s->n->p->tensor[t].at);
}

static void *
param_at(const struct pass *s, size_t at)
{
	return net_at(s->n->ops, s->n->params, at);
}

static void *
grad_at(const struct pass *s, size_t at)
{
	return net_at(s->n->ops, s->n->grads, at);
}

static int
width(const struct pass *s, int t)
{
	return (int)s->n->p->tensor[t].width;
}

static size_t
elements(const struct pass *s, int t)
{
	return (size_t)s->N * s->n->p->tensor[t].width;
}

/* x (N, width) *= factor */
static void
multiply(const struct pass *s, int t, double factor)
{
	void *x = tensor_at(s, t);

	if (factor != 1)
		s->n->ops->scaled_add(x, x, x, elements(s, t), factor, 0);
}

/* What embeddings are multiplied by. */
static double
embed_factor(const struct pass *s)
{
	const struct model_config *c = &s->n->p->config;

	return c->embed_scale ? sqrt((double)c->dim) : 1;
}

static void
embed_fwd(const struct pass *s, const struct node *x)
{
	const void *table = s->n->positions;

	if (x->param2 != PARAM_NONE)
		table = param_at(s, x->param2);
	s->n->ops->embed_fwd(tensor_at(s, x->out), param_at(s, x->param),
	    s->n->ids, s->N, width(s, x->out));
	multiply(s, x->out, embed_factor(s));
	if (table)
		s->n->ops->position_fwd(tensor_at(s, x->out), table, s->first,
		    s->B, s->T, width(s, x->out), s->pos);
}

static void
embed_bwd(const struct pass *s, const struct node *x)
{
	void *dout = tensor_at(s, x->gout);

	if (x->param2 != PARAM_NONE)
		s->n->ops->position_bwd(grad_at(s, x->param2), dout, s->first,
		    s->B, s->T, width(s, x->out));
	multiply(s, x->gout, s->n->embed_grad * embed_factor(s));
	s->n->ops->embed_bwd(
	    grad_at(s, x->param), dout, s->n->ids, s->N, width(s, x->out));
}

static void
rmsnorm_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->rmsnorm_fwd(tensor_at(s, x->out), tensor_at(s, x->aux),
	    tensor_at(s, x->in), param_at(s, x->param), s->N, width(s, x->in),
	    s->n->p->config.eps);
}

static void
rmsnorm_bwd(const struct pass *s, const struct node *x)
{
	s->n->ops->rmsnorm_bwd(tensor_at(s, x->gin), grad_at(s, x->param),
	    tensor_at(s, x->gout), tensor_at(s, x->kept_in),
	    param_at(s, x->param), tensor_at(s, x->kept_aux), s->N,
	    width(s, x->in), x->add_in);
}

static void
layernorm_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->layernorm_fwd(tensor_at(s, x->out), tensor_at(s, x->aux),
	    tensor_at(s, x->in), param_at(s, x->param), param_at(s, x->param2),
	    s->N, width(s, x->in), s->n->p->config.eps);
}

static void
layernorm_bwd(const struct pass *s, const struct node *x)
{
	s->n->ops->layernorm_bwd(tensor_at(s, x->gin), grad_at(s, x->param),
	    grad_at(s, x->param2), tensor_at(s, x->gout),
	    tensor_at(s, x->kept_in), param_at(s, x->param),
	    tensor_at(s, x->kept_aux), s->N, width(s, x->in), x->add_in);
}

static void
qknorm_fwd(const struct pass *s, const struct node *x)
{
	const struct model_config *c = &s->n->p->config;

	s->n->ops->qknorm_fwd(tensor_at(s, x->out), tensor_at(s, x->aux),
	    tensor_at(s, x->in), param_at(s, x->param), param_at(s, x->param2),
	    s->N, (int)c->heads, (int)c->kv_heads, (int)c->head_dim, c->eps);
}

static void
qknorm_bwd(const struct pass *s, const struct node *x)
{
	const struct model_config *c = &s->n->p->config;

	s->n->ops->qknorm_bwd(tensor_at(s, x->gin), grad_at(s, x->param),
	    grad_at(s, x->param2), tensor_at(s, x->gout),
	    tensor_at(s, x->kept_in), param_at(s, x->param),
	    param_at(s, x->param2), tensor_at(s, x->kept_aux), s->N,
	    (int)c->heads, (int)c->kv_heads, (int)c->head_dim);
}

static void
linear_fwd(const struct pass *s, const struct node *x)
{
	int how;
	const void *w = net_weights(s->n, x->param, &how);

	s->n->ops->matmul(tensor_at(s, x->out), tensor_at(s, x->in), w, s->N,
	    width(s, x->out), width(s, x->in), 0, !s->n->p->config.in_out,
	    MATMUL_C | MATMUL_A | how);
	if (x->param2 != PARAM_NONE)
		s->n->ops->bias_fwd(tensor_at(s, x->out),
		    param_at(s, x->param2), s->N, width(s, x->out));
}

static void
linear_bwd(const struct pass *s, const struct node *x)
{
	int in = width(s, x->in), out = width(s, x->out);
	bool in_out = s->n->p->config.in_out;
	void *dout = tensor_at(s, x->gout), *input = tensor_at(s, x->kept_in);
	int how;
	const void *w = net_weights(s->n, x->param, &how);

	s->n->ops->matmul(tensor_at(s, x->gin), dout, w, s->N, in, out, 0,
	    in_out, MATMUL_C | MATMUL_A | how | (x->add_in ? MATMUL_ADD : 0));
	s->n->ops->matmul(grad_at(s, x->param), in_out ? input : dout,
	    in_out ? dout : input, in_out ? in : out, in_out ? out : in, s->N,
	    1, 0, MATMUL_A | MATMUL_B | (s->n->fresh ? 0 : MATMUL_ADD));
	if (x->param2 != PARAM_NONE)
		s->n->ops->bias_bwd(grad_at(s, x->param2), dout, s->N, out);
}

/* Heads .. from h on, by a table. */
static void
turn(const struct pass *s, int t, size_t h, uint32_t heads, const void *table,
    int inverse)
{
	const struct model_config *c = &s->n->p->config;

	s->n->ops->rope(net_act(s->n->ops, tensor_at(s, t), h * c->head_dim),
	    table, s->B, s->T, (int)heads, (int)c->head_dim,
	    (int)config_rotary(c), width(s, t), s->pos, inverse);
}

/* xPos has a table of its own for keys. */
static void
rope(const struct pass *s, int t, int inverse)
{
	const struct model_config *c = &s->n->p->config;
	const struct net *n = s->n;

	if (!n->rope_keys) {
		turn(s, t, 0, c->heads + c->kv_heads, n->rope, inverse);
		return;
	}
	turn(s, t, 0, c->heads, n->rope, inverse);
	turn(s, t, c->heads, c->kv_heads, n->rope_keys, inverse);
}

static void
rope_fwd(const struct pass *s, const struct node *x)
{
	rope(s, x->in, 0);
}

static void
rope_bwd(const struct pass *s, const struct node *x)
{
	rope(s, x->gin, 1);
}

/*
 * What draws are made of: none unless training.  Step and row lie in an array,
 * for a pass that is recorded; each: rows of draws a token.
 */
static struct dropout
draws(const struct pass *s, const struct node *x, double rate, uint32_t each)
{
	return (struct dropout){ .rate = s->train ? rate : 0,
		.seed = s->n->dropout.seed,
		.stream = (uint64_t)1 << 63 | x->draw,
		.more = s->n->draws,
		.each = each };
}

static struct attention
attention(const struct pass *s, const struct node *x)
{
	const struct model_config *c = &s->n->p->config;

	return (struct attention){ .H = (int)c->heads,
		.K = (int)c->kv_heads,
		.D = (int)c->head_dim,
		.window = (int)c->window,
		.scale = c->unscaled ? 1 : 1 / sqrt((double)c->head_dim),
		.first = s->first,
		.last = s->last,
		.bias = s->n->bias,
		.span = (int)c->max_seq,
		.drop = draws(s, x, s->n->dropout.attention, c->heads) };
}

/* The shares of distances, of all layers. */
static void
relative_fwd(const struct pass *s, const struct node *x)
{
	const struct model_config *c = &s->n->p->config;

	s->n->ops->relative_fwd(s->n->bias, param_at(s, x->param), s->n->bucket,
	    (int)c->heads, 2 * (int)c->max_seq);
}

static void
attention_fwd(const struct pass *s, const struct node *x)
{
	const struct attention o = attention(s, x);
	const struct ops *ops = s->n->ops;
	size_t at;

	if (!s->cache) {
		ops->attention_fwd(tensor_at(s, x->out), tensor_at(s, x->aux),
		    tensor_at(s, x->in), s->B, s->T, &o);
		return;
	}
	at = (size_t)x->layer * s->cache->max * (size_t)(o.K * o.D);
	ops->attention_step(tensor_at(s, x->out),
	    net_at(ops, s->cache->keys, at), net_at(ops, s->cache->values, at),
	    tensor_at(s, x->in), s->N, s->pos, &o);
}

static void
attention_bwd(const struct pass *s, const struct node *x)
{
	const struct attention o = attention(s, x);
	void *dbias = x->gaux < 0 ? NULL : tensor_at(s, x->gaux);

	s->n->ops->attention_bwd(tensor_at(s, x->gin), dbias,
	    tensor_at(s, x->gout), tensor_at(s, x->kept_out),
	    tensor_at(s, x->kept_in), tensor_at(s, x->kept_aux), s->B, s->T,
	    &o);
	if (dbias)
		s->n->ops->relative_bwd(grad_at(s, x->param), dbias,
		    s->n->bucket, s->B, o.H, s->T, o.span);
}

static void
glu_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->glu_fwd(tensor_at(s, x->out), tensor_at(s, x->in), s->N,
	    width(s, x->out), (int)s->n->p->config.act);
}

static void
glu_bwd(const struct pass *s, const struct node *x)
{
	s->n->ops->glu_bwd(tensor_at(s, x->gin), tensor_at(s, x->gout),
	    tensor_at(s, x->kept_in), s->N, width(s, x->out),
	    (int)s->n->p->config.act);
}

static void
act_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->act_fwd(tensor_at(s, x->out), tensor_at(s, x->in),
	    elements(s, x->out), (int)s->n->p->config.act);
}

static void
act_bwd(const struct pass *s, const struct node *x)
{
	s->n->ops->act_bwd(tensor_at(s, x->gin), tensor_at(s, x->gout),
	    tensor_at(s, x->kept_in), elements(s, x->out),
	    (int)s->n->p->config.act);
}

static double
dropout_rate(const struct pass *s, const struct node *x)
{
	const struct net_dropout *d = &s->n->dropout;

	return x->draw == 0 ? d->embedding : d->residual;
}

static void
drop(const struct pass *s, const struct node *x, int t)
{
	const struct dropout o = draws(s, x, dropout_rate(s, x), 1);

	if (o.rate > 0)
		s->n->ops->dropout(tensor_at(s, t), s->N, width(s, t), &o);
}

static void
dropout_fwd(const struct pass *s, const struct node *x)
{
	drop(s, x, x->out);
}

static void
dropout_bwd(const struct pass *s, const struct node *x)
{
	drop(s, x, x->gout);
}

static void
add_fwd(const struct pass *s, const struct node *x)
{
	const struct ops *ops = s->n->ops;
	void *out = tensor_at(s, x->out);
	const void *a = tensor_at(s, x->in), *b = tensor_at(s, x->in2);

	if (x->alpha == 1)
		ops->add(out, a, b, elements(s, x->out));
	else
		ops->scaled_add(out, a, b, elements(s, x->out), x->alpha, 1);
}

/* to = from * factor, + to if adding */
static void
pass_on(const struct pass *s, int to, int from, double factor, bool adding)
{
	const struct ops *ops = s->n->ops;
	void *t = tensor_at(s, to);
	const void *f = tensor_at(s, from);
	size_t n = elements(s, from);

	if (factor == 1 && adding)
		ops->add(t, t, f, n);
	else
		ops->scaled_add(t, f, adding ? t : f, n, factor, adding);
}

static void
add_bwd(const struct pass *s, const struct node *x)
{
	pass_on(s, x->gin, x->gout, x->alpha, x->add_in);
	pass_on(s, x->gin2, x->gout, 1, x->add_in2);
}

/*
 * The logits of a chunk, their losses, and, in training, what follows from
 * them at once, so that the logits of all tokens never exist together.  In
 * training they are activations: what comes of them is rounded anyway.
 *
 * Their rows are of R, more than the vocabulary: the head has as many, what
 * lies behind it.  The gradients of those logits are 0, and so is what is added
 * to the gradients behind the head's, before anything else is.
 */
static void
loss_chunk(const struct pass *s, const struct node *x, int from, int rows)
{
	const struct ops *ops = s->n->ops;
	int V = (int)s->n->p->config.vocab, C = width(s, x->in), how;
	int R = (int)net_logits_row(s->n->p, ops), act = s->train;
	size_t at = (size_t)from * (size_t)C;
	struct cross_entropy o = {
		.scale = s->scale, .backward = s->train, .stride = R, .act = act
	};
	const void *head = net_weights(s->n, x->param, &how);
	void *logits = s->n->logits,
	     *in = net_act(ops, tensor_at(s, x->in), at);

	if (s->train) {
		o.smoothing = s->n->smoothing;
		o.z = s->n->z;
	}
	ops->matmul(logits, in, head, rows, R, C, 0, 1,
	    MATMUL_A | how | (act ? MATMUL_C : 0));
	ops->cross_entropy(net_at(ops, s->n->loss, (size_t)from), logits,
	    s->n->targets + from, rows, V, &o);
	if (!s->train)
		return;
	ops->matmul(net_act(ops, tensor_at(s, x->gin), at), logits, head, rows,
	    C, R, 0, 0, MATMUL_C | MATMUL_A | how);
	ops->matmul(grad_at(s, x->param), logits, in, R, C, rows, 1, 0,
	    MATMUL_A | MATMUL_B | (from > 0 || !s->n->fresh ? MATMUL_ADD : 0));
}

static void
loss_fwd(const struct pass *s, const struct node *x)
{
	int chunk = (int)net_chunk(s->n->p, s->n->ops), from;

	if (!s->losses)
		return;
	for (from = 0; from < s->N; from += chunk)
		loss_chunk(
		    s, x, from, s->N - from < chunk ? s->N - from : chunk);
}

static void
nothing(const struct pass *s, const struct node *x)
{
	(void)s;
	(void)x;
}

static const struct {
	void (*fwd)(const struct pass *, const struct node *);
	void (*bwd)(const struct pass *, const struct node *);
} does[NODE_KINDS] = {
	[NODE_RELATIVE] = { relative_fwd, nothing },
	[NODE_EMBED] = { embed_fwd, embed_bwd },
	[NODE_RMSNORM] = { rmsnorm_fwd, rmsnorm_bwd },
	[NODE_LAYERNORM] = { layernorm_fwd, layernorm_bwd },
	[NODE_QKNORM] = { qknorm_fwd, qknorm_bwd },
	[NODE_LINEAR] = { linear_fwd, linear_bwd },
	[NODE_ROPE] = { rope_fwd, rope_bwd },
	[NODE_ATTENTION] = { attention_fwd, attention_bwd },
	[NODE_GLU] = { glu_fwd, glu_bwd },
	[NODE_ACT] = { act_fwd, act_bwd },
	[NODE_DROPOUT] = { dropout_fwd, dropout_bwd },
	[NODE_ADD] = { add_fwd, add_bwd },
	[NODE_LOSS] = { loss_fwd, nothing },
};

void
pass_forward(const struct pass *s)
{
	const struct program *p = s->n->p;
	size_t i;

	for (i = 0; i < p->nodes; i++)
		does[p->node[i].kind].fwd(s, &p->node[i]);
}

void
pass_backward(const struct pass *s)
{
	const struct program *p = s->n->p;
	const struct node *x;
	size_t i;

	for (i = 0; i < p->backs; i++) {
		x = &p->node[p->back[i]];
		if ((size_t)p->back[i] < p->nodes)
			does[x->kind].bwd(s, x);
		else
			does[x->kind].fwd(s, x);
	}
}

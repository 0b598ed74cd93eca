/* SPDX-License-Identifier: MIT */
/* What each kind of node does, forward and backward. */
#include <math.h>

#include "train/net.h"

void *
net_at(const struct ops *ops, const void *array, size_t at)
{
	return (char *)(uintptr_t)array + at * ops->real;
}

/* A tensor's memory, a parameter's, and its gradient's. */
static void *
tensor_at(const struct pass *s, int t)
{
	return net_at(s->n->ops, s->n->arena, s->n->p->tensor[t].at);
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

static void
embed_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->embed_fwd(tensor_at(s, x->out), param_at(s, x->param),
	    s->n->ids, s->N, width(s, x->out));
	if (x->param2 != PARAM_NONE)
		s->n->ops->position_fwd(tensor_at(s, x->out),
		    param_at(s, x->param2), s->first, s->B, s->T,
		    width(s, x->out), s->pos);
}

static void
embed_bwd(const struct pass *s, const struct node *x)
{
	void *dout = tensor_at(s, x->gout);

	if (x->param2 != PARAM_NONE)
		s->n->ops->position_bwd(grad_at(s, x->param2), dout, s->first,
		    s->B, s->T, width(s, x->out));
	if (s->n->embed_grad != 1)
		s->n->ops->blend(
		    dout, dout, dout, elements(s, x->out), s->n->embed_grad, 0);
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
	    tensor_at(s, x->gout), tensor_at(s, x->in), param_at(s, x->param),
	    tensor_at(s, x->aux), s->N, width(s, x->in), x->add_in);
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
	    grad_at(s, x->param2), tensor_at(s, x->gout), tensor_at(s, x->in),
	    param_at(s, x->param), tensor_at(s, x->aux), s->N, width(s, x->in),
	    x->add_in);
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
	    grad_at(s, x->param2), tensor_at(s, x->gout), tensor_at(s, x->in),
	    param_at(s, x->param), param_at(s, x->param2), tensor_at(s, x->aux),
	    s->N, (int)c->heads, (int)c->kv_heads, (int)c->head_dim);
}

static void
linear_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->matmul(tensor_at(s, x->out), tensor_at(s, x->in),
	    param_at(s, x->param), s->N, width(s, x->out), width(s, x->in), 0,
	    !s->n->p->config.in_out, 0);
	if (x->param2 != PARAM_NONE)
		s->n->ops->bias_fwd(tensor_at(s, x->out),
		    param_at(s, x->param2), s->N, width(s, x->out));
}

static void
linear_bwd(const struct pass *s, const struct node *x)
{
	int in = width(s, x->in), out = width(s, x->out);
	bool in_out = s->n->p->config.in_out;
	void *dout = tensor_at(s, x->gout), *input = tensor_at(s, x->in);

	s->n->ops->matmul(tensor_at(s, x->gin), dout, param_at(s, x->param),
	    s->N, in, out, 0, in_out, x->add_in);
	s->n->ops->matmul(grad_at(s, x->param), in_out ? input : dout,
	    in_out ? dout : input, in_out ? in : out, in_out ? out : in, s->N,
	    1, 0, 1);
	if (x->param2 != PARAM_NONE)
		s->n->ops->bias_bwd(grad_at(s, x->param2), dout, s->N, out);
}

static void
rope(const struct pass *s, int t, int inverse)
{
	const struct model_config *c = &s->n->p->config;

	s->n->ops->rope(tensor_at(s, t), s->n->rope, s->B, s->T,
	    (int)(c->heads + c->kv_heads), (int)c->head_dim, (int)c->head_dim,
	    width(s, t), s->pos, inverse);
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

static struct attention
attention(const struct pass *s)
{
	const struct model_config *c = &s->n->p->config;

	return (struct attention){ .H = (int)c->heads,
		.K = (int)c->kv_heads,
		.D = (int)c->head_dim,
		.window = (int)c->window,
		.scale = 1 / sqrt((double)c->head_dim),
		.first = s->first,
		.last = s->last };
}

static void
attention_fwd(const struct pass *s, const struct node *x)
{
	const struct attention o = attention(s);
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
	const struct attention o = attention(s);

	s->n->ops->attention_bwd(tensor_at(s, x->gin), NULL,
	    tensor_at(s, x->gout), tensor_at(s, x->out), tensor_at(s, x->in),
	    tensor_at(s, x->aux), s->B, s->T, &o);
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
	    tensor_at(s, x->in), s->N, width(s, x->out),
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
	    tensor_at(s, x->in), elements(s, x->out), (int)s->n->p->config.act);
}

static void
add_fwd(const struct pass *s, const struct node *x)
{
	s->n->ops->add(tensor_at(s, x->out), tensor_at(s, x->in),
	    tensor_at(s, x->in2), elements(s, x->out));
}

static void
pass_on(const struct pass *s, int to, int from, bool add)
{
	const struct ops *ops = s->n->ops;

	if (add)
		ops->add(tensor_at(s, to), tensor_at(s, to), tensor_at(s, from),
		    elements(s, from));
	else
		ops->copy(
		    tensor_at(s, to), tensor_at(s, from), elements(s, from));
}

static void
add_bwd(const struct pass *s, const struct node *x)
{
	pass_on(s, x->gin, x->gout, x->add_in);
	pass_on(s, x->gin2, x->gout, x->add_in2);
}

/*
 * The logits of a chunk, their losses, and, in training, what follows from
 * them at once, so that the logits of all tokens never exist together.
 */
static void
loss_chunk(const struct pass *s, const struct node *x, int from, int rows)
{
	const struct ops *ops = s->n->ops;
	int V = (int)s->n->p->config.vocab, C = width(s, x->in);
	size_t at = (size_t)from * (size_t)C;
	struct cross_entropy o = { .scale = s->scale, .backward = s->train };
	void *logits = s->n->logits, *in = net_at(ops, tensor_at(s, x->in), at);

	if (s->train) {
		o.smoothing = s->n->smoothing;
		o.z = s->n->z;
	}
	ops->matmul(logits, in, param_at(s, x->param), rows, V, C, 0, 1, 0);
	ops->cross_entropy(net_at(ops, s->n->loss, (size_t)from), logits,
	    s->n->targets + from, rows, V, &o);
	if (!s->train)
		return;
	ops->matmul(net_at(ops, tensor_at(s, x->gin), at), logits,
	    param_at(s, x->param), rows, C, V, 0, 0, 0);
	ops->matmul(grad_at(s, x->param), logits, in, V, C, rows, 1, 0, 1);
}

static void
loss_fwd(const struct pass *s, const struct node *x)
{
	int from;

	if (!s->losses)
		return;
	for (from = 0; from < s->N; from += NET_CHUNK)
		loss_chunk(s, x, from,
		    s->N - from < NET_CHUNK ? s->N - from : NET_CHUNK);
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
	[NODE_EMBED] = { embed_fwd, embed_bwd },
	[NODE_RMSNORM] = { rmsnorm_fwd, rmsnorm_bwd },
	[NODE_LAYERNORM] = { layernorm_fwd, layernorm_bwd },
	[NODE_QKNORM] = { qknorm_fwd, qknorm_bwd },
	[NODE_LINEAR] = { linear_fwd, linear_bwd },
	[NODE_ROPE] = { rope_fwd, rope_bwd },
	[NODE_ATTENTION] = { attention_fwd, attention_bwd },
	[NODE_GLU] = { glu_fwd, glu_bwd },
	[NODE_ACT] = { act_fwd, act_bwd },
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
	size_t i;

	for (i = p->nodes; i-- > 0;)
		does[p->node[i].kind].bwd(s, &p->node[i]);
}

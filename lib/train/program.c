/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/program.h"

enum {
	NODES_A_LAYER = 12,
	NODES_BESIDES = 3,
	TENSORS_A_NODE = 4, /* out, aux and their gradients */
};

/* What a node's backward pass reads beside the gradient of its output. */
enum { SAVE_IN = 1, SAVE_OUT = 2, SAVE_AUX = 4 };
static const unsigned saved[NODE_KINDS] = {
	[NODE_RMSNORM] = SAVE_IN | SAVE_AUX,
	[NODE_LAYERNORM] = SAVE_IN | SAVE_AUX,
	[NODE_QKNORM] = SAVE_IN | SAVE_AUX,
	[NODE_LINEAR] = SAVE_IN,
	[NODE_ATTENTION] = SAVE_IN | SAVE_OUT | SAVE_AUX,
	[NODE_GLU] = SAVE_IN,
	[NODE_ACT] = SAVE_IN,
};

static int
tensor(struct program *p, uint32_t width)
{
	p->tensor[p->tensors] =
	    (struct tensor){ .width = width, .first = -1, .last = -1 };
	return (int)p->tensors++;
}

/* Append a node; its output gets `width` elements a token, 0: in place. */
static struct node *
node(struct program *p, enum node_kind kind, uint32_t layer, int in, int in2,
    uint32_t width)
{
	struct node *n = &p->node[p->nodes++];

	*n = (struct node){ .kind = kind,
		.layer = layer,
		.in = in,
		.in2 = in2,
		.out = width ? tensor(p, width) : in,
		.aux = -1,
		.param = PARAM_NONE,
		.param2 = PARAM_NONE,
		.gin = -1,
		.gin2 = -1,
		.gout = -1 };
	return n;
}

static int
norm(struct program *p, uint32_t layer, int in, size_t w, size_t b)
{
	bool with_bias = p->config.layer_norm;
	struct node *n = node(p, with_bias ? NODE_LAYERNORM : NODE_RMSNORM,
	    layer, in, -1, p->config.dim);

	n->aux = tensor(p, with_bias ? 2 : 1);
	n->param = w;
	n->param2 = b;
	return n->out;
}

/* Of parameters `w` and `b` of a layer. */
static int
linear(struct program *p, uint32_t layer, int in, uint32_t width,
    enum layer_param w, enum layer_param b)
{
	struct node *n = node(p, NODE_LINEAR, layer, in, -1, width);

	n->param = params_layer(&p->params, layer, w);
	n->param2 = params_layer(&p->params, layer, b);
	return n->out;
}

static int
attention(struct program *p, uint32_t layer, int qkv)
{
	const struct model_config *c = &p->config;
	struct node *n;

	if (c->qk_norm) {
		n = node(p, NODE_QKNORM, layer, qkv, -1, config_qkv(c));
		n->aux = tensor(p, c->heads + c->kv_heads);
		n->param = params_layer(&p->params, layer, LAYER_Q_NORM);
		n->param2 = params_layer(&p->params, layer, LAYER_K_NORM);
		qkv = n->out;
	}
	if (!c->learned_pos)
		node(p, NODE_ROPE, layer, qkv, -1, 0);
	n = node(p, NODE_ATTENTION, layer, qkv, -1, c->heads * c->head_dim);
	n->aux = tensor(p, c->heads);
	return n->out;
}

static int
mlp(struct program *p, uint32_t layer, int in)
{
	const struct model_config *c = &p->config;
	int h;

	h = linear(p, layer, in, c->plain_mlp ? c->hidden : 2 * c->hidden,
	    LAYER_GATE, LAYER_GATE_BIAS);
	h = node(p, c->plain_mlp ? NODE_ACT : NODE_GLU, layer, h, -1, c->hidden)
		->out;
	return linear(p, layer, h, c->dim, LAYER_DOWN, LAYER_DOWN_BIAS);
}

/* A layer over the residual stream x. */
static int
layer(struct program *p, uint32_t i, int x)
{
	const struct params *w = &p->params;
	uint32_t dim = p->config.dim;
	int h;

	h = norm(p, i, x, params_layer(w, i, LAYER_NORM1),
	    params_layer(w, i, LAYER_NORM1_BIAS));
	h = linear(p, i, h, config_qkv(&p->config), LAYER_Q, LAYER_Q_BIAS);
	h = attention(p, i, h);
	h = linear(p, i, h, dim, LAYER_O, LAYER_O_BIAS);
	x = node(p, NODE_ADD, i, x, h, dim)->out;
	h = norm(p, i, x, params_layer(w, i, LAYER_NORM2),
	    params_layer(w, i, LAYER_NORM2_BIAS));
	h = mlp(p, i, h);
	return node(p, NODE_ADD, i, x, h, dim)->out;
}

static void
lay_out(struct program *p)
{
	const struct model_config *c = &p->config;
	struct node *first = node(p, NODE_EMBED, 0, -1, -1, c->dim);
	uint32_t i;
	int x = first->out;

	first->param = p->params.embedding;
	first->param2 = p->params.positions;
	for (i = 0; i < c->layers; i++)
		x = layer(p, i, x);
	p->last_hidden =
	    norm(p, c->layers, x, p->params.norm, p->params.norm_bias);
	node(p, NODE_LOSS, c->layers, p->last_hidden, -1, 0)->param =
	    p->params.head;
}

static void
touch(struct program *p, int t, int time)
{
	struct tensor *x;

	if (t < 0)
		return;
	x = &p->tensor[t];
	if (x->first < 0 || time < x->first)
		x->first = time;
	if (time > x->last)
		x->last = time;
}

/* The gradient of tensor t, made when first asked for. */
static int
gradient(struct program *p, int *of, int t)
{
	if (t < 0)
		return -1;
	if (of[t] < 0)
		of[t] = tensor(p, p->tensor[t].width);
	return of[t];
}

/* Gradients in the order in which the backward pass meets them. */
static int
add_gradients(struct program *p, struct err *e)
{
	size_t n = p->tensors, i;
	int *of = malloc(n * sizeof(*of));
	bool *written = calloc(n, sizeof(*written));
	struct node *x;

	if (!of || !written) {
		free(of);
		free(written);
		return err_nomem(e, "the model program");
	}
	memset(of, -1, n * sizeof(*of));
	for (i = p->nodes; i-- > 0;) {
		x = &p->node[i];
		x->gin = gradient(p, of, x->in);
		x->gin2 = gradient(p, of, x->in2);
		x->gout = x->kind == NODE_LOSS ? -1 : gradient(p, of, x->out);
		x->add_in = x->in >= 0 && written[x->in];
		x->add_in2 = x->in2 >= 0 && written[x->in2];
		if (x->in >= 0)
			written[x->in] = true;
		if (x->in2 >= 0)
			written[x->in2] = true;
	}
	free(of);
	free(written);
	return 0;
}

static void
find_lives(struct program *p)
{
	int i, n = (int)p->nodes, back;
	const struct node *x;

	for (i = 0; i < n; i++) {
		x = &p->node[i];
		touch(p, x->in, i);
		touch(p, x->in2, i);
		touch(p, x->out, i);
		touch(p, x->aux, i);
		if (!p->backward)
			continue;
		/* The loss makes its input's gradient on the way forward. */
		back = x->kind == NODE_LOSS ? i : 2 * n - 1 - i;
		touch(p, x->gin, back);
		touch(p, x->gin2, back);
		touch(p, x->gout, back);
		touch(p, saved[x->kind] & SAVE_IN ? x->in : -1, back);
		touch(p, saved[x->kind] & SAVE_OUT ? x->out : -1, back);
		touch(p, saved[x->kind] & SAVE_AUX ? x->aux : -1, back);
	}
}

int
program_build(struct program *p, const struct model_config *c, size_t tokens,
    bool backward, struct err *e)
{
	size_t nodes = (size_t)c->layers * NODES_A_LAYER + NODES_BESIDES;
	int rc;

	*p = (struct program){ .config = *c,
		.tokens = tokens,
		.backward = backward,
		.moments = backward ? 2 : 0 };
	rc = params_build(&p->params, c, e);
	if (rc < 0)
		return rc;
	p->node = calloc(nodes, sizeof(*p->node));
	p->tensor = calloc(nodes * TENSORS_A_NODE, sizeof(*p->tensor));
	if (!p->node || !p->tensor) {
		program_free(p);
		return err_nomem(e, "the model program");
	}
	lay_out(p);
	if (backward)
		rc = add_gradients(p, e);
	if (rc == 0) {
		find_lives(p);
		rc = program_plan(p, e);
	}
	if (rc < 0)
		program_free(p);
	return rc;
}

void
program_free(struct program *p)
{
	params_free(&p->params);
	free(p->tensor);
	free(p->node);
	*p = (struct program){ 0 };
}

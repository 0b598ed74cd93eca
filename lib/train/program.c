/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/program.h"

enum {
	NODES_A_LAYER = 11,
	NODES_BESIDES = 3,
	TENSORS_A_NODE = 4, /* out, aux and their gradients */
};

/* What a node's backward pass reads beside the gradient of its output. */
enum { SAVE_IN = 1, SAVE_OUT = 2, SAVE_AUX = 4 };
static const unsigned saved[NODE_KINDS] = {
	[NODE_RMSNORM] = SAVE_IN | SAVE_AUX,
	[NODE_LINEAR] = SAVE_IN,
	[NODE_ATTENTION] = SAVE_IN | SAVE_OUT | SAVE_AUX,
	[NODE_SWIGLU] = SAVE_IN,
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
		.gin = -1,
		.gin2 = -1,
		.gout = -1 };
	return n;
}

/* Where the parameter of that name lies. */
static size_t
place(const struct program *p, const char *name)
{
	return params_find(&p->params, name)->at;
}

static int
norm(struct program *p, uint32_t layer, int in, size_t param)
{
	struct node *n = node(p, NODE_RMSNORM, layer, in, -1, p->config.dim);

	n->aux = tensor(p, 1);
	n->param = param;
	return n->out;
}

static int
linear(struct program *p, uint32_t layer, int in, uint32_t width, size_t param)
{
	struct node *n = node(p, NODE_LINEAR, layer, in, -1, width);

	n->param = param;
	return n->out;
}

static int
attention(struct program *p, uint32_t layer, int qkv)
{
	const struct model_config *c = &p->config;
	struct node *n;

	node(p, NODE_ROPE, layer, qkv, -1, 0);
	n = node(p, NODE_ATTENTION, layer, qkv, -1, c->heads * c->head_dim);
	n->aux = tensor(p, c->heads);
	return n->out;
}

/* A layer over the residual stream x; w: its parameters. */
static int
layer(struct program *p, uint32_t i, int x, const struct param *w)
{
	const struct model_config *c = &p->config;
	int h;

	h = norm(p, i, x, w[LAYER_NORM1].at);
	h = linear(p, i, h, config_qkv(c), w[LAYER_Q].at);
	h = attention(p, i, h);
	h = linear(p, i, h, c->dim, w[LAYER_O].at);
	x = node(p, NODE_ADD, i, x, h, c->dim)->out;
	h = norm(p, i, x, w[LAYER_NORM2].at);
	h = linear(p, i, h, 2 * c->hidden, w[LAYER_GATE].at);
	h = node(p, NODE_SWIGLU, i, h, -1, c->hidden)->out;
	h = linear(p, i, h, c->dim, w[LAYER_DOWN].at);
	return node(p, NODE_ADD, i, x, h, c->dim)->out;
}

static void
lay_out(struct program *p)
{
	const struct model_config *c = &p->config;
	uint32_t i;
	int x;

	p->embedding = place(p, "model.embed_tokens.weight");
	p->head = c->tied ? p->embedding : place(p, "lm_head.weight");
	x = node(p, NODE_EMBED, 0, -1, -1, c->dim)->out;
	p->node[0].param = p->embedding;
	for (i = 0; i < c->layers; i++)
		x = layer(p, i, x, params_layer(&p->params, i));
	p->last_hidden = norm(p, c->layers, x, place(p, "model.norm.weight"));
	node(p, NODE_LOSS, c->layers, p->last_hidden, -1, 0)->param = p->head;
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

	*p = (struct program){
		.config = *c, .tokens = tokens, .backward = backward
	};
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

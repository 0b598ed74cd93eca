/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "train/program.h"

enum {
	NODES_A_LAYER = 16,
	NODES_BESIDES = 6,
	TENSORS_A_NODE = 6, /* out, aux, their gradients or again */
};

static int
tensor(struct program *p, uint32_t width)
{
	p->tensor[p->tensors] =
	    (struct tensor){ .width = width, .first = -1, .last = -1 };
	return (int)p->tensors++;
}

static int
aux(struct program *p, uint32_t width)
{
	int t = tensor(p, width);

	p->tensor[t].aux = true;
	return t;
}

/* Append a node; its output gets `width` elements a token, 0: in place. */
static struct node *
node(struct program *p, enum node_kind kind, uint32_t layer, int in, int in2,
    uint32_t width)
{
	struct node *n = &p->node[p->nodes++];

	*n = (struct node){ .kind = kind,
		.layer = layer,
		.alpha = 1,
		.in = in,
		.in2 = in2,
		.out = width ? tensor(p, width) : in,
		.aux = -1,
		.param = PARAM_NONE,
		.param2 = PARAM_NONE,
		.kept_in = -1,
		.kept_out = -1,
		.kept_aux = -1,
		.gin = -1,
		.gin2 = -1,
		.gout = -1,
		.gaux = -1 };
	return n;
}

/* Tensor t isn't kept if the flag is set. */
static int
spare(struct program *p, int t, enum program_flag flag)
{
	if (p->flags & flag)
		p->tensor[t].recompute = true;
	return t;
}

static int
norm(struct program *p, uint32_t layer, int in, size_t w, size_t b)
{
	bool with_bias = p->config.layer_norm;
	struct node *n = node(p, with_bias ? NODE_LAYERNORM : NODE_RMSNORM,
	    layer, in, -1, p->config.dim);

	n->aux = aux(p, with_bias ? 2 : 1);
	n->param = w;
	n->param2 = b;
	return n->out;
}

/* A layer's norm; its bias is next in the enum. */
static int
layer_norm(struct program *p, uint32_t i, int in, enum layer_param which)
{
	const struct params *w = &p->params;

	return spare(p,
	    norm(p, i, in, params_layer(w, i, which),
		params_layer(w, i, which + 1)),
	    RECOMPUTE_NORM);
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

/* What of a layer draws numbers. */
enum { DRAW_EMBED, DRAW_WEIGHTS, DRAW_ATTENTION, DRAW_MLP, DRAWS };

static int
dropout(struct program *p, uint32_t layer, int in, uint32_t what)
{
	struct node *n = node(p, NODE_DROPOUT, layer, in, -1, 0);

	n->draw = layer * DRAWS + what;
	return n->out;
}

static int
queries(struct program *p, uint32_t layer, int in)
{
	const struct model_config *c = &p->config;
	int qkv = linear(p, layer, in, config_qkv(c), LAYER_Q, LAYER_Q_BIAS);
	struct node *n;

	spare(p, qkv, RECOMPUTE_QKV);
	if (c->qk_norm) {
		n = node(p, NODE_QKNORM, layer, qkv, -1, config_qkv(c));
		n->aux = aux(p, c->heads + c->kv_heads);
		n->param = params_layer(&p->params, layer, LAYER_Q_NORM);
		n->param2 = params_layer(&p->params, layer, LAYER_K_NORM);
		qkv = spare(p, n->out, RECOMPUTE_QKV);
	}
	if (config_rotated(c))
		node(p, NODE_ROPE, layer, qkv, -1, 0);
	return qkv;
}

static int
attention(struct program *p, uint32_t layer, int in)
{
	const struct model_config *c = &p->config;
	int qkv = queries(p, layer, in), h;
	struct node *n;

	n = node(p, NODE_ATTENTION, layer, qkv, -1, c->heads * c->head_dim);
	n->aux = aux(p, c->heads);
	n->param = p->params.relative;
	n->draw = layer * DRAWS + DRAW_WEIGHTS;
	h = spare(p, n->out, RECOMPUTE_ATTENTION);
	return linear(p, layer, h, c->dim, LAYER_O, LAYER_O_BIAS);
}

static int
mlp(struct program *p, uint32_t layer, int in)
{
	const struct model_config *c = &p->config;
	int h;

	h = linear(p, layer, in, c->plain_mlp ? c->hidden : 2 * c->hidden,
	    LAYER_GATE, LAYER_GATE_BIAS);
	spare(p, h, RECOMPUTE_UP);
	h = node(p, c->plain_mlp ? NODE_ACT : NODE_GLU, layer, h, -1, c->hidden)
		->out;
	spare(p, h, RECOMPUTE_ACT);
	return linear(p, layer, h, c->dim, LAYER_DOWN, LAYER_DOWN_BIAS);
}

static int
add(struct program *p, uint32_t layer, int x, int h)
{
	struct node *n = node(p, NODE_ADD, layer, x, h, p->config.dim);

	if (p->config.norms == NORM_DEEP)
		n->alpha = pow(2.0 * p->config.layers, .25);
	return n->out;
}

/* x + f(norm(x)), or one of the other places of norms (config.h). */
static int
branch(struct program *p, uint32_t i, int x,
    int (*f)(struct program *, uint32_t, int), enum layer_param its_norm,
    enum layer_param out_norm, uint32_t draw)
{
	enum norm_place place = p->config.norms;
	bool before = config_last_norm(&p->config);
	int h = f(p, i, before ? layer_norm(p, i, x, its_norm) : x);

	if (place == NORM_SANDWICH)
		h = layer_norm(p, i, h, out_norm);
	x = add(p, i, x, dropout(p, i, h, draw));
	return before ? x : layer_norm(p, i, x, its_norm);
}

/* Attention and MLP side by side. */
static int
parallel(struct program *p, uint32_t i, int x)
{
	int a = attention(p, i, layer_norm(p, i, x, LAYER_NORM1)), sum, m;

	sum = add(p, i, x, dropout(p, i, a, DRAW_ATTENTION));
	m = mlp(p, i, layer_norm(p, i, x, LAYER_NORM2));
	return add(p, i, sum, dropout(p, i, m, DRAW_MLP));
}

/* A layer over the residual stream x. */
static int
layer(struct program *p, uint32_t i, int x)
{
	size_t from = p->tensors;
	int stats;

	if (p->config.parallel) {
		x = parallel(p, i, x);
	} else {
		x = branch(p, i, x, attention, LAYER_NORM1, LAYER_OUT_NORM1,
		    DRAW_ATTENTION);
		x = branch(
		    p, i, x, mlp, LAYER_NORM2, LAYER_OUT_NORM2, DRAW_MLP);
	}
	for (; from < p->tensors; from++)
		spare(p, (int)from, RECOMPUTE_LAYER);
	p->tensor[x].recompute = false;
	/* Nothing makes again what belongs to a tensor that is kept. */
	stats = p->node[p->nodes - 1].aux;
	if (stats >= 0)
		p->tensor[stats].recompute = false;
	return x;
}

static int
front(struct program *p)
{
	const struct params *w = &p->params;
	struct node *n;
	int x;

	if (p->config.position == POSITION_T5)
		node(p, NODE_RELATIVE, 0, -1, -1, 0)->param = w->relative;
	n = node(p, NODE_EMBED, 0, -1, -1, p->config.dim);
	n->param = w->embedding;
	n->param2 = w->positions;
	x = n->out;
	if (p->config.embed_norm)
		x = norm(p, 0, x, w->embed_norm, w->embed_norm_bias);
	return dropout(p, 0, x, DRAW_EMBED);
}

static void
lay_out(struct program *p)
{
	const struct model_config *c = &p->config;
	int x = front(p);
	uint32_t i;

	for (i = 0; i < c->layers; i++)
		x = layer(p, i, x);
	if (config_last_norm(c))
		x = norm(p, c->layers, x, p->params.norm, p->params.norm_bias);
	p->last_hidden = x;
	node(p, NODE_LOSS, c->layers, x, -1, 0)->param = p->params.head;
}

static int
allocate(struct program *p, struct err *e)
{
	size_t n = (size_t)p->config.layers * NODES_A_LAYER + NODES_BESIDES;

	p->node = calloc(2 * n, sizeof(*p->node));
	p->back = calloc(2 * n, sizeof(*p->back));
	p->tensor = calloc(n * TENSORS_A_NODE, sizeof(*p->tensor));
	return p->node && p->back && p->tensor
		   ? 0
		   : err_nomem(e, "the model program");
}

/* The arena if nothing were recomputed. */
static int
measure_whole(struct program *p, struct err *e)
{
	const unsigned plain = PROGRAM_BACKWARD | PROGRAM_HALF;
	struct program whole;

	p->whole = p->arena;
	if (!(p->flags & ~plain))
		return 0;
	if (program_build(&whole, &p->config, p->tokens, p->flags & plain, e) <
	    0)
		return e->code;
	p->whole = whole.arena;
	program_free(&whole);
	return 0;
}

int
program_build(struct program *p, const struct model_config *c, size_t tokens,
    unsigned flags, struct err *e)
{
	int rc;

	*p = (struct program){ .config = *c,
		.tokens = tokens,
		.flags = flags,
		.backward = flags & PROGRAM_BACKWARD,
		.moments = flags & PROGRAM_BACKWARD ? 2 : 0 };
	rc = params_build(&p->params, c, e);
	p->end = p->params.n;
	if (rc == 0)
		rc = allocate(p, e);
	if (rc == 0) {
		lay_out(p);
		rc = program_backward(p, e);
	}
	if (rc == 0)
		rc = program_plan(p, e);
	if (rc == 0)
		rc = measure_whole(p, e);
	if (rc < 0)
		program_free(p);
	return rc;
}

void
program_free(struct program *p)
{
	params_free(&p->params);
	params_free(&p->rows);
	params_free(&p->cols);
	free(p->tensor);
	free(p->node);
	free(p->back);
	*p = (struct program){ 0 };
}

int
program_recompute(unsigned *flags, const char *names, struct err *e)
{
	static const struct {
		const char *name;
		enum program_flag flag;
	} known[] = { { "norm", RECOMPUTE_NORM }, { "act", RECOMPUTE_ACT },
		{ "qkv", RECOMPUTE_QKV }, { "attention", RECOMPUTE_ATTENTION },
		{ "up", RECOMPUTE_UP }, { "layer", RECOMPUTE_LAYER } };
	size_t i, n = sizeof(known) / sizeof(*known), len;

	for (; names && *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		for (i = 0; i < n; i++)
			if (strlen(known[i].name) == len &&
			    strncmp(known[i].name, names, len) == 0)
				break;
		if (i == n)
			return err_set(e, ERR_ARG,
			    "cannot recompute \"%.*s\": norm, act, qkv, "
			    "attention, up and layer are known",
			    (int)len, names);
		*flags |= known[i].flag;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/params.h"

enum { ALIGN = 16, BESIDES = 5 /* parameters outside layers */ };

/* Add a matrix (rows, cols), or a vector if rows is 0. */
__attribute__((format(printf, 6, 7))) static struct param *
add(struct params *p, uint64_t rows, uint64_t cols, double std, bool adjoin,
    const char *fmt, ...)
{
	struct param *x = &p->v[p->n++];
	va_list ap;

	if (!adjoin)
		p->size = (p->size + ALIGN - 1) / ALIGN * ALIGN;
	*x = (struct param){ .rank = rows ? 2 : 1,
		.std = std,
		.fill = 1,
		.at = p->size,
		.n = (size_t)((rows ? rows : 1) * cols),
		.role = rows ? ROLE_EMBEDDING : ROLE_VECTOR };
	x->shape[0] = rows ? rows : cols;
	x->shape[1] = rows ? cols : 0;
	va_start(ap, fmt);
	vsnprintf(x->name, sizeof(x->name), fmt, ap);
	va_end(ap);
	p->size += x->n;
	p->count += x->n;
	return x;
}

/* What a layer's parameters are called after their layer. */
static const char *const llama_names[LAYER_PARAMS] = {
	[LAYER_NORM1] = "input_layernorm.weight",
	[LAYER_NORM1_BIAS] = "input_layernorm.bias",
	[LAYER_Q] = "self_attn.q_proj.weight",
	[LAYER_K] = "self_attn.k_proj.weight",
	[LAYER_V] = "self_attn.v_proj.weight",
	[LAYER_Q_BIAS] = "self_attn.q_proj.bias",
	[LAYER_K_BIAS] = "self_attn.k_proj.bias",
	[LAYER_V_BIAS] = "self_attn.v_proj.bias",
	[LAYER_Q_NORM] = "self_attn.q_norm.weight",
	[LAYER_K_NORM] = "self_attn.k_norm.weight",
	[LAYER_O] = "self_attn.o_proj.weight",
	[LAYER_O_BIAS] = "self_attn.o_proj.bias",
	[LAYER_NORM2] = "post_attention_layernorm.weight",
	[LAYER_NORM2_BIAS] = "post_attention_layernorm.bias",
	[LAYER_GATE] = "mlp.gate_proj.weight",
	[LAYER_UP] = "mlp.up_proj.weight",
	[LAYER_GATE_BIAS] = "mlp.gate_proj.bias",
	[LAYER_UP_BIAS] = "mlp.up_proj.bias",
	[LAYER_DOWN] = "mlp.down_proj.weight",
	[LAYER_DOWN_BIAS] = "mlp.down_proj.bias",
};
static const char *const gpt2_names[LAYER_PARAMS] = {
	[LAYER_NORM1] = "ln_1.weight",
	[LAYER_NORM1_BIAS] = "ln_1.bias",
	[LAYER_Q] = "attn.c_attn.weight",
	[LAYER_Q_BIAS] = "attn.c_attn.bias",
	[LAYER_O] = "attn.c_proj.weight",
	[LAYER_O_BIAS] = "attn.c_proj.bias",
	[LAYER_NORM2] = "ln_2.weight",
	[LAYER_NORM2_BIAS] = "ln_2.bias",
	[LAYER_GATE] = "mlp.c_fc.weight",
	[LAYER_GATE_BIAS] = "mlp.c_fc.bias",
	[LAYER_DOWN] = "mlp.c_proj.weight",
	[LAYER_DOWN_BIAS] = "mlp.c_proj.bias",
};

/* A list under construction, in one layer. */
struct builder {
	struct params *p;
	const struct model_config *c;
	uint32_t layer;
};

static struct param *
add_named(struct builder *b, enum layer_param which, uint64_t rows,
    uint64_t cols, double std, bool adjoin)
{
	bool gpt2 = b->c->family == FAMILY_GPT2;
	const char *name = (gpt2 ? gpt2_names : llama_names)[which];
	struct param *x;

	x = add(b->p, rows, cols, std, adjoin,
	    gpt2 ? "transformer.h.%u.%s" : "model.layers.%u.%s", b->layer,
	    name);
	if (rows)
		x->role = ROLE_MATRIX;
	b->p->layer[(size_t)b->layer * LAYER_PARAMS + which] = x;
	return x;
}

/* `out` outputs of `in` inputs, in the order the family keeps them. */
static void
matrix(struct builder *b, enum layer_param which, uint64_t out, uint64_t in,
    double std, bool adjoin)
{
	bool in_out = b->c->in_out;

	add_named(b, which, in_out ? in : out, in_out ? out : in, std, adjoin);
}

static void
vector(struct builder *b, enum layer_param which, uint64_t n, float fill,
    bool adjoin)
{
	add_named(b, which, 0, n, 0, adjoin)->fill = fill;
}

static void
add_attention(struct builder *b, double std)
{
	const struct model_config *c = b->c;
	uint64_t q = (uint64_t)c->heads * c->head_dim;
	uint64_t kv = (uint64_t)c->kv_heads * c->head_dim;
	bool one = c->family == FAMILY_GPT2; /* matrix for all three */

	matrix(b, LAYER_Q, one ? q + 2 * kv : q, c->dim, std, false);
	if (!one) {
		matrix(b, LAYER_K, kv, c->dim, std, true);
		matrix(b, LAYER_V, kv, c->dim, std, true);
	}
	if (c->qkv_bias)
		vector(b, LAYER_Q_BIAS, one ? q + 2 * kv : q, 0, false);
	if (c->qkv_bias && !one) {
		vector(b, LAYER_K_BIAS, kv, 0, true);
		vector(b, LAYER_V_BIAS, kv, 0, true);
	}
	if (c->qk_norm) {
		vector(b, LAYER_Q_NORM, c->head_dim, 1, false);
		vector(b, LAYER_K_NORM, c->head_dim, 1, false);
	}
	matrix(b, LAYER_O, c->dim, q, std / sqrt(2.0 * c->layers), false);
	if (c->out_bias)
		vector(b, LAYER_O_BIAS, c->dim, 0, false);
}

static void
add_mlp(struct builder *b, double std)
{
	const struct model_config *c = b->c;

	matrix(b, LAYER_GATE, c->hidden, c->dim, std, false);
	if (!c->plain_mlp)
		matrix(b, LAYER_UP, c->hidden, c->dim, std, true);
	if (c->mlp_bias)
		vector(b, LAYER_GATE_BIAS, c->hidden, 0, false);
	if (c->mlp_bias && !c->plain_mlp)
		vector(b, LAYER_UP_BIAS, c->hidden, 0, true);
	matrix(b, LAYER_DOWN, c->dim, c->hidden, std / sqrt(2.0 * c->layers),
	    false);
	if (c->mlp_bias)
		vector(b, LAYER_DOWN_BIAS, c->dim, 0, false);
}

static void
add_layer(struct builder *b)
{
	const struct model_config *c = b->c;

	vector(b, LAYER_NORM1, c->dim, 1, false);
	if (c->layer_norm)
		vector(b, LAYER_NORM1_BIAS, c->dim, 0, false);
	add_attention(b, c->init_std);
	vector(b, LAYER_NORM2, c->dim, 1, false);
	if (c->layer_norm)
		vector(b, LAYER_NORM2_BIAS, c->dim, 0, false);
	add_mlp(b, c->init_std);
}

int
params_build(struct params *p, const struct model_config *c, struct err *e)
{
	bool gpt2 = c->family == FAMILY_GPT2;
	size_t n = (size_t)c->layers * LAYER_PARAMS;
	struct builder b = { p, c, 0 };

	*p = (struct params){ .prefix = gpt2 ? "transformer." : "model." };
	p->v = calloc(n + BESIDES, sizeof(*p->v));
	p->layer = calloc(n, sizeof(*p->layer));
	if (!p->v || !p->layer) {
		params_free(p);
		return err_nomem(e, "the list of parameters");
	}
	p->embedding = add(p, c->vocab, c->dim, c->init_std, false,
	    gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight")
			   ->at;
	p->positions = PARAM_NONE;
	if (c->learned_pos)
		p->positions = add(p, c->max_seq, c->dim, c->init_std, false,
		    "transformer.wpe.weight")
				   ->at;
	for (b.layer = 0; b.layer < c->layers; b.layer++)
		add_layer(&b);
	p->norm = add(p, 0, c->dim, 0, false,
	    gpt2 ? "transformer.ln_f.weight" : "model.norm.weight")
		      ->at;
	p->norm_bias = PARAM_NONE;
	if (c->layer_norm) {
		p->norm_bias = add(p, 0, c->dim, 0, false,
		    gpt2 ? "transformer.ln_f.bias" : "model.norm.bias")
				   ->at;
		p->v[p->n - 1].fill = 0;
	}
	p->head = p->embedding;
	if (!c->tied)
		p->head = add(
		    p, c->vocab, c->dim, c->init_std, false, "lm_head.weight")
			      ->at;
	p->size = (p->size + ALIGN - 1) / ALIGN * ALIGN;
	return 0;
}

void
params_free(struct params *p)
{
	free(p->v);
	free(p->layer);
	*p = (struct params){ 0 };
}

size_t
params_layer(const struct params *p, uint32_t layer, enum layer_param which)
{
	const struct param *x = p->layer[(size_t)layer * LAYER_PARAMS + which];

	return x ? x->at : PARAM_NONE;
}

const struct param *
params_find(const struct params *p, const char *name)
{
	size_t i, skip = strlen(p->prefix);

	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0 ||
		    (strncmp(p->v[i].name, p->prefix, skip) == 0 &&
			strcmp(p->v[i].name + skip, name) == 0))
			return &p->v[i];
	return NULL;
}

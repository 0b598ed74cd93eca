/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/params.h"

enum { ALIGN = 16, FIRST = 1, BESIDES = 3 }; /* FIRST: before the layers */

/* Add a matrix (rows, cols), or a vector if rows is 0. */
__attribute__((format(printf, 6, 7))) static void
add(struct params *p, uint64_t rows, uint64_t cols, double std, bool adjoin,
    const char *fmt, ...)
{
	struct param *x = &p->v[p->n++];
	va_list ap;

	if (!adjoin)
		p->size = (p->size + ALIGN - 1) / ALIGN * ALIGN;
	*x = (struct param){ .rank = rows ? 2 : 1,
		.std = std,
		.at = p->size,
		.n = (size_t)((rows ? rows : 1) * cols),
		.decay = rows > 0 };
	x->shape[0] = rows ? rows : cols;
	x->shape[1] = rows ? cols : 0;
	va_start(ap, fmt);
	vsnprintf(x->name, sizeof(x->name), fmt, ap);
	va_end(ap);
	p->size += x->n;
	p->count += x->n;
}

static void
add_layer(struct params *p, const struct model_config *c, uint32_t i)
{
	uint64_t q = (uint64_t)c->heads * c->head_dim;
	uint64_t kv = (uint64_t)c->kv_heads * c->head_dim;
	double std = c->init_std, out = std / sqrt(2.0 * c->layers);

#define AT "model.layers.%u."
	add(p, 0, c->dim, 0, false, AT "input_layernorm.weight", i);
	add(p, q, c->dim, std, false, AT "self_attn.q_proj.weight", i);
	add(p, kv, c->dim, std, true, AT "self_attn.k_proj.weight", i);
	add(p, kv, c->dim, std, true, AT "self_attn.v_proj.weight", i);
	add(p, c->dim, q, out, false, AT "self_attn.o_proj.weight", i);
	add(p, 0, c->dim, 0, false, AT "post_attention_layernorm.weight", i);
	add(p, c->hidden, c->dim, std, false, AT "mlp.gate_proj.weight", i);
	add(p, c->hidden, c->dim, std, true, AT "mlp.up_proj.weight", i);
	add(p, c->dim, c->hidden, out, false, AT "mlp.down_proj.weight", i);
#undef AT
}

int
params_build(struct params *p, const struct model_config *c, struct err *e)
{
	uint32_t i;

	*p = (struct params){ 0 };
	p->v =
	    calloc((size_t)c->layers * LAYER_PARAMS + BESIDES, sizeof(*p->v));
	if (!p->v)
		return err_nomem(e, "the list of parameters");
	add(p, c->vocab, c->dim, c->init_std, false,
	    "model.embed_tokens.weight");
	for (i = 0; i < c->layers; i++)
		add_layer(p, c, i);
	add(p, 0, c->dim, 0, false, "model.norm.weight");
	if (!c->tied)
		add(p, c->vocab, c->dim, c->init_std, false, "lm_head.weight");
	p->size = (p->size + ALIGN - 1) / ALIGN * ALIGN;
	return 0;
}

void
params_free(struct params *p)
{
	free(p->v);
	*p = (struct params){ 0 };
}

const struct param *
params_layer(const struct params *p, uint32_t layer)
{
	return &p->v[FIRST + (size_t)layer * LAYER_PARAMS];
}

const struct param *
params_find(const struct params *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return &p->v[i];
	return NULL;
}

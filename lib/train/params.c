/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/params.h"

enum { ALIGN = 16, BESIDES = 8 /* parameters outside layers */ };

/* A list under construction, in one layer. */
struct builder {
	struct params *p;
	const struct model_config *c;
	const struct names *names;
	uint32_t layer;
};

/* Add a matrix (rows, cols), or a vector if rows is 0. */
static struct param *
add(struct params *p, uint64_t rows, uint64_t cols, double std, bool adjoin)
{
	struct param *x = &p->v[p->n++];

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
	p->size += x->n;
	p->count += x->n;
	return x;
}

static struct param *
add_layered(struct builder *b, enum layer_param which, uint64_t rows,
    uint64_t cols, double std, bool adjoin)
{
	struct param *x = add(b->p, rows, cols, std, adjoin);
	char layer[32];

	snprintf(layer, sizeof(layer), b->names->layers, b->layer);
	snprintf(x->name, sizeof(x->name), "%s%s%s", b->names->prefix, layer,
	    b->names->layer[which]);
	if (rows)
		x->role = ROLE_MATRIX;
	b->p->layer[(size_t)b->layer * LAYER_PARAMS + which] = x;
	return x;
}

/* Of the whole model; returns its place. */
static size_t
add_whole(struct builder *b, const char *name, const char *suffix,
    uint64_t rows, uint64_t cols, double std)
{
	struct param *x = add(b->p, rows, cols, std, false);

	snprintf(
	    x->name, sizeof(x->name), "%s%s%s", b->names->prefix, name, suffix);
	return x->at;
}

/*
 * The deviation of a matrix's first values, (out, in).  DeepNorm's: Xavier's
 * with a gain, which is 1 for queries and keys.  Source: Wang et al., arXiv
 * 2203.00555, section 4 and figure 2 (decoders).
 */
static double
first_std(const struct model_config *c, enum layer_param which, uint64_t out,
    uint64_t in)
{
	bool into = which == LAYER_O || which == LAYER_DOWN;
	double gain = which == LAYER_Q || which == LAYER_K
			  ? 1
			  : pow(8.0 * c->layers, -.25);

	if (c->norms == NORM_DEEP)
		return gain * sqrt(2.0 / (double)(out + in));
	/* What goes into the stream adds up, unless each sum is normed. */
	return into && c->norms != NORM_POST
		   ? c->init_std / sqrt(2.0 * c->layers)
		   : c->init_std;
}

/* `out` outputs of `in` inputs, in the order the family keeps them. */
static struct param *
matrix(struct builder *b, enum layer_param which, uint64_t out, uint64_t in,
    bool adjoin)
{
	bool in_out = b->c->in_out;

	return add_layered(b, which, in_out ? in : out, in_out ? out : in,
	    first_std(b->c, which, out, in), adjoin);
}

static struct param *
vector(struct builder *b, enum layer_param which, uint64_t n, float fill,
    bool adjoin)
{
	struct param *x = add_layered(b, which, 0, n, 0, adjoin);

	x->fill = fill;
	return x;
}

/* A norm and its bias, which is next in the enum. */
static void
add_norm(struct builder *b, enum layer_param which)
{
	vector(b, which, b->c->dim, 1, false);
	if (b->c->layer_norm)
		vector(b, which + 1, b->c->dim, 0, false);
}

/* One matrix, and one bias, for queries, keys and values. */
static void
add_joined(struct builder *b, uint64_t n)
{
	const struct model_config *c = b->c;
	bool by_head = c->family != FAMILY_GPT2;
	struct param *x = matrix(b, LAYER_Q, n, c->dim, false);

	if (by_head)
		x->run = (size_t)c->head_dim * c->dim;
	if (!c->qkv_bias)
		return;
	x = vector(b, LAYER_Q_BIAS, n, 0, false);
	if (by_head)
		x->run = c->head_dim;
}

static void
add_apart(struct builder *b, uint64_t q, uint64_t kv)
{
	const struct model_config *c = b->c;

	matrix(b, LAYER_Q, q, c->dim, false);
	matrix(b, LAYER_K, kv, c->dim, true);
	matrix(b, LAYER_V, kv, c->dim, true);
	if (!c->qkv_bias)
		return;
	vector(b, LAYER_Q_BIAS, q, 0, false);
	vector(b, LAYER_K_BIAS, kv, 0, true);
	vector(b, LAYER_V_BIAS, kv, 0, true);
}

static void
add_attention(struct builder *b)
{
	const struct model_config *c = b->c;
	uint64_t q = (uint64_t)c->heads * c->head_dim;
	uint64_t kv = (uint64_t)c->kv_heads * c->head_dim;

	if (b->names->layer[LAYER_K])
		add_apart(b, q, kv);
	else
		add_joined(b, q + 2 * kv);
	if (c->qk_norm) {
		vector(b, LAYER_Q_NORM, c->head_dim, 1, false);
		vector(b, LAYER_K_NORM, c->head_dim, 1, false);
	}
	matrix(b, LAYER_O, c->dim, q, false);
	if (c->out_bias)
		vector(b, LAYER_O_BIAS, c->dim, 0, false);
}

static void
add_mlp(struct builder *b)
{
	const struct model_config *c = b->c;

	matrix(b, LAYER_GATE, c->hidden, c->dim, false);
	if (!c->plain_mlp)
		matrix(b, LAYER_UP, c->hidden, c->dim, true);
	if (c->mlp_bias)
		vector(b, LAYER_GATE_BIAS, c->hidden, 0, false);
	if (c->mlp_bias && !c->plain_mlp)
		vector(b, LAYER_UP_BIAS, c->hidden, 0, true);
	matrix(b, LAYER_DOWN, c->dim, c->hidden, false);
	if (c->mlp_bias)
		vector(b, LAYER_DOWN_BIAS, c->dim, 0, false);
}

static void
add_layer(struct builder *b)
{
	bool sandwich = b->c->norms == NORM_SANDWICH;

	add_norm(b, LAYER_NORM1);
	add_attention(b);
	if (sandwich)
		add_norm(b, LAYER_OUT_NORM1);
	add_norm(b, LAYER_NORM2);
	add_mlp(b);
	if (sandwich)
		add_norm(b, LAYER_OUT_NORM2);
}

/* A norm of the whole model; its bias, or PARAM_NONE, into *bias. */
static size_t
add_whole_norm(struct builder *b, const char *name, size_t *bias)
{
	size_t at = add_whole(b, name, ".weight", 0, b->c->dim, 0);

	if (!b->c->layer_norm)
		return at;
	*bias = add_whole(b, name, ".bias", 0, b->c->dim, 0);
	b->p->v[b->p->n - 1].fill = 0;
	return at;
}

static void
add_front(struct builder *b)
{
	const struct model_config *c = b->c;
	struct params *p = b->p;

	p->embedding = add_whole(
	    b, b->names->embedding, "", c->vocab, c->dim, c->init_std);
	if (c->position == POSITION_LEARNED)
		p->positions = add_whole(b, b->names->positions, "", c->max_seq,
		    c->dim, c->init_std);
	if (c->position == POSITION_T5) {
		p->relative = add_whole(b, b->names->relative, "", c->buckets,
		    c->heads, c->init_std);
		p->v[p->n - 1].role = ROLE_VECTOR; /* biases, of scores */
	}
	if (c->embed_norm)
		p->embed_norm = add_whole_norm(
		    b, b->names->embed_norm, &p->embed_norm_bias);
}

static void
add_back(struct builder *b)
{
	const struct model_config *c = b->c;
	struct params *p = b->p;

	if (config_last_norm(c))
		p->norm = add_whole_norm(b, b->names->norm, &p->norm_bias);
	p->head = p->embedding;
	if (!c->tied) {
		struct param *x = add(p, c->vocab, c->dim, c->init_std, false);

		snprintf(x->name, sizeof(x->name), "%s", b->names->head);
		p->head = x->at;
	}
}

int
params_build(struct params *p, const struct model_config *c, struct err *e)
{
	size_t n = (size_t)c->layers * LAYER_PARAMS;
	struct builder b = { p, c, names_of(c->family), 0 };

	*p = (struct params){ .prefix = b.names->prefix,
		.embed_norm = PARAM_NONE,
		.embed_norm_bias = PARAM_NONE,
		.positions = PARAM_NONE,
		.relative = PARAM_NONE,
		.norm = PARAM_NONE,
		.norm_bias = PARAM_NONE };
	p->v = calloc(n + BESIDES, sizeof(*p->v));
	p->layer = calloc(n, sizeof(*p->layer));
	if (!p->v || !p->layer) {
		params_free(p);
		return err_nomem(e, "the list of parameters");
	}
	add_front(&b);
	for (b.layer = 0; b.layer < c->layers; b.layer++)
		add_layer(&b);
	add_back(&b);
	p->size = (p->size + ALIGN - 1) / ALIGN * ALIGN;
	return 0;
}

/* One more vector, of what x has along one side. */
static void
add_side(struct params *to, const struct param *x, size_t n, size_t run)
{
	struct param *v = add(to, 0, n, 0, false);

	memcpy(v->name, x->name, sizeof(v->name));
	v->run = run;
}

int
params_sides(struct params *rows, struct params *cols, const struct params *p,
    struct err *e)
{
	size_t i;

	*rows = *cols = (struct params){ .prefix = p->prefix };
	rows->v = calloc(p->n, sizeof(*rows->v));
	cols->v = calloc(p->n, sizeof(*cols->v));
	if (!rows->v || !cols->v) {
		params_free(rows);
		params_free(cols);
		return err_nomem(e, "the list of parameters");
	}
	for (i = 0; i < p->n; i++) {
		const struct param *x = &p->v[i];
		size_t c = param_cols(x);

		add_side(rows, x, x->n / c, x->run / c);
		add_side(cols, x, c, 0);
	}
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

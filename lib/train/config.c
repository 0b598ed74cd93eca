/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/config_impl.h"

enum {
	MAX_LAYERS = 1024,
	MAX_WIDTH = 1 << 20,
	MAX_HEAD_DIM = 256,
	MAX_BUCKETS = 1 << 16,
};

static int
check_rope(const struct model_config *c, struct err *e)
{
	const struct rope_scaling *s = &c->scaling;

	if (s->kind != SCALING_NONE && !(s->factor >= 1))
		return err_set(e, ERR_FORMAT,
		    "\"rope_scaling.factor\" is %g: it must be at least 1",
		    s->factor);
	if ((s->kind == SCALING_LLAMA3 || s->kind == SCALING_YARN) &&
	    !(s->high > s->low))
		return err_set(e, ERR_FORMAT,
		    "\"rope_scaling\": %s %g must be above %s %g",
		    s->kind == SCALING_YARN ? "beta_fast" : "high_freq_factor",
		    s->high,
		    s->kind == SCALING_YARN ? "beta_slow" : "low_freq_factor",
		    s->low);
	/* Keys grow as queries shrink: .29^-64 is the most that floats hold. */
	if (c->position == POSITION_XPOS &&
	    !(c->max_seq / 2 <= 64 * c->xpos_base))
		return err_set(e, ERR_FORMAT,
		    "\"max_position_embeddings\" %u is more than 128 times "
		    "\"xpos_scale_base\" %g: xPos's factors would leave the "
		    "range of numbers; raise the base",
		    c->max_seq, c->xpos_base);
	return 0;
}

static int
check_layer(const struct model_config *c, struct err *e)
{
	if (c->parallel && c->norms != NORM_PRE)
		return err_set(e, ERR_FORMAT,
		    "\"parallel_residual\" goes with \"norm_placement\" "
		    "\"pre\" only");
	if (c->position == POSITION_T5 &&
	    (c->buckets < 2 || c->buckets > MAX_BUCKETS ||
		c->distance <= c->buckets / 2))
		return err_set(e, ERR_FORMAT,
		    "\"relative_attention_num_buckets\" is %u, it must be from "
		    "2 to %d and its half below "
		    "\"relative_attention_max_distance\" %u",
		    c->buckets, MAX_BUCKETS, c->distance);
	return 0;
}

int
config_check(const struct model_config *c, struct err *e)
{
	if (c->heads % c->kv_heads)
		return err_set(e, ERR_FORMAT,
		    "\"num_attention_heads\" %u is not divisible by "
		    "\"num_key_value_heads\" %u",
		    c->heads, c->kv_heads);
	if (c->head_dim % 2 || c->head_dim > MAX_HEAD_DIM)
		return err_set(e, ERR_FORMAT,
		    "head_dim is %u: it must be even and at most %d",
		    c->head_dim, MAX_HEAD_DIM);
	if (c->layers > MAX_LAYERS || c->dim > MAX_WIDTH ||
	    c->hidden > MAX_WIDTH || c->heads > MAX_WIDTH / MAX_HEAD_DIM ||
	    c->max_seq > MAX_WIDTH)
		return err_set(e, ERR_FORMAT,
		    "the model is too large: at most %d layers, widths and "
		    "positions to %d, %d heads",
		    MAX_LAYERS, MAX_WIDTH, MAX_WIDTH / MAX_HEAD_DIM);
	if (!(c->eps > 0) || c->eps >= 1 || !(c->theta > 1) ||
	    !(c->init_std >= 0))
		return err_set(e, ERR_FORMAT,
		    "\"%s\" must be above 0 and below 1, \"rope_theta\" "
		    "above 1, \"initializer_range\" not below 0",
		    config_keys(c->family)->eps);
	if (check_layer(c, e) < 0)
		return e->code;
	return check_rope(c, e);
}

int
config_parse(struct model_config *c, const char *p, uint64_t n, struct err *e)
{
	struct json *j;
	int rc = json_parse(&j, p, n, e);

	if (rc < 0)
		return rc;
	rc = config_read(c, json_root(j), e);
	json_free(j);
	return rc;
}

int
config_load(struct model_config *c, const char *path, struct err *e)
{
	size_t n;
	char *p;
	int rc = in_slurp(path, &p, &n, e);

	if (rc < 0)
		return rc;
	rc = config_parse(c, p, n, e);
	free(p);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

static bool
same_scaling(const struct rope_scaling *a, const struct rope_scaling *b)
{
	return a->kind == b->kind && a->factor == b->factor &&
	       a->low == b->low && a->high == b->high &&
	       a->original == b->original && a->attention == b->attention &&
	       a->truncate == b->truncate;
}

static bool
same_options(const struct model_config *a, const struct model_config *b)
{
	return a->act == b->act && a->window == b->window &&
	       a->qkv_bias == b->qkv_bias && a->out_bias == b->out_bias &&
	       a->mlp_bias == b->mlp_bias && a->qk_norm == b->qk_norm &&
	       a->layer_norm == b->layer_norm &&
	       a->embed_norm == b->embed_norm && a->parallel == b->parallel &&
	       a->plain_mlp == b->plain_mlp && a->in_out == b->in_out &&
	       a->unscaled == b->unscaled && a->embed_scale == b->embed_scale &&
	       a->norms == b->norms && a->position == b->position &&
	       a->rotary == b->rotary && a->xpos_base == b->xpos_base &&
	       a->buckets == b->buckets && a->distance == b->distance;
}

bool
config_same(const struct model_config *a, const struct model_config *b)
{
	return a->family == b->family && a->vocab == b->vocab &&
	       a->dim == b->dim && a->hidden == b->hidden &&
	       a->layers == b->layers && a->heads == b->heads &&
	       a->kv_heads == b->kv_heads && a->head_dim == b->head_dim &&
	       a->max_seq == b->max_seq && a->eps == b->eps &&
	       a->theta == b->theta && a->init_std == b->init_std &&
	       a->tied == b->tied && same_options(a, b) &&
	       same_scaling(&a->scaling, &b->scaling);
}

/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "train/config_impl.h"
#include "train/ops.h"

enum { MOST = 1 << 24 };

bool
config_off(struct json_val v)
{
	switch (json_type(v)) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !json_bool(v, true);
	case JSON_NUMBER:
		return json_double(v, 1) == 0;
	default:
		return false;
	}
}

static bool
given(struct json_val v)
{
	return json_type(v) != JSON_NONE && json_type(v) != JSON_NULL;
}

int
config_number(uint32_t *to, struct json_val root, const char *key,
    uint32_t otherwise, struct err *e)
{
	struct json_val v = json_get(root, key);
	int64_t n = json_int(v, -1);

	*to = otherwise;
	if (!given(v))
		return otherwise ? 0 : err_set(e, ERR_FORMAT, "no \"%s\"", key);
	if (n < 1 || n > MOST)
		return err_set(e, ERR_FORMAT,
		    "\"%s\" is not a whole number from 1 to %d", key, MOST);
	*to = (uint32_t)n;
	return 0;
}

int
config_positive(double *to, struct json_val root, const char *key,
    double otherwise, struct err *e)
{
	struct json_val v = json_get(root, key);

	*to = otherwise;
	if (!given(v))
		return otherwise > 0 ? 0
				     : err_set(e, ERR_FORMAT, "no \"%s\"", key);
	*to = json_double(v, 0);
	if (!(*to > 0))
		return err_set(
		    e, ERR_FORMAT, "\"%s\" is not a number above 0", key);
	return 0;
}

int
config_choice(int *to, struct json_val root, const char *key,
    const char *const *names, struct err *e)
{
	struct json_val v = json_get(root, key);
	struct str s = json_str(v);
	struct buf b = { 0 };
	int i;

	*to = 0;
	if (!given(v))
		return 0;
	for (i = 0; names[i]; i++) {
		if (str_eq(s, str_c(names[i]))) {
			*to = i;
			buf_free(&b);
			return 0;
		}
		buf_printf(&b, "%s %s", i ? "," : "", names[i]);
	}
	err_set(e, ERR_FORMAT, "\"%s\" is \"%.*s\"; known are%.*s", key,
	    (int)s.n, s.p ? s.p : "", (int)b.n, b.p ? b.p : "");
	buf_free(&b);
	return e->code;
}

static bool
is_key(struct str key, const char *name)
{
	return name && str_eq(key, str_c(name));
}

/* Nothing that may change the model is passed over. */
static int
check_keys(struct json_val root, const struct config_keys *k, struct err *e)
{
	struct json_iter it = json_each(root);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v)) {
		if (config_among(key, k->harmless) ||
		    config_among(key, k->understood) || config_off(v) ||
		    is_key(key, k->dim) || is_key(key, k->hidden) ||
		    is_key(key, k->layers) || is_key(key, k->heads) ||
		    is_key(key, k->max_seq) || is_key(key, k->eps) ||
		    is_key(key, k->act) || is_key(key, k->other_dim) ||
		    is_key(key, k->other_layers) || is_key(key, k->other_heads))
			continue;
		return err_set(e, ERR_FORMAT,
		    "\"%.*s\" is not known here and may change the model",
		    (int)key.n, key.p);
	}
	return 0;
}

/* The head size follows from the width, if it isn't given. */
static int
read_heads(struct model_config *c, struct json_val root,
    const struct config_keys *k, struct err *e)
{
	bool grouped = config_among(STR("head_dim"), k->understood);

	if (!grouped || !given(json_get(root, "head_dim"))) {
		if (c->dim % c->heads)
			return err_set(e, ERR_FORMAT,
			    "\"%s\" %u is not divisible by \"%s\" %u", k->dim,
			    c->dim, k->heads, c->heads);
	}
	c->kv_heads = c->heads;
	c->head_dim = c->dim / c->heads;
	if (!grouped)
		return 0;
	if (config_number(
		&c->kv_heads, root, "num_key_value_heads", c->heads, e) < 0)
		return e->code;
	return config_number(&c->head_dim, root, "head_dim", c->head_dim, e);
}

/* The name that is there, of a key that has two. */
static const char *
either(struct json_val root, const char *key, const char *other)
{
	return other && given(json_get(root, other)) ? other : key;
}

static int
read_sizes(struct model_config *c, struct json_val root,
    const struct config_keys *k, struct err *e)
{
	bool four = c->family == FAMILY_GPT2 || c->family == FAMILY_QUERN;

	if (config_number(&c->vocab, root, "vocab_size", 0, e) < 0 ||
	    config_number(
		&c->dim, root, either(root, k->dim, k->other_dim), 0, e) < 0 ||
	    config_number(&c->layers, root,
		either(root, k->layers, k->other_layers), 0, e) < 0 ||
	    config_number(&c->heads, root,
		either(root, k->heads, k->other_heads), 0, e) < 0 ||
	    config_number(
		&c->max_seq, root, k->max_seq, k->max_seq_otherwise, e) < 0)
		return e->code;
	c->hidden = 4 * c->dim;
	if (k->hidden && config_number(&c->hidden, root, k->hidden,
			     four ? c->hidden : 0, e) < 0)
		return e->code;
	return read_heads(c, root, k, e);
}

static int
read_act(struct model_config *c, struct json_val root,
    const struct config_keys *k, struct err *e)
{
	struct json_val v = { 0 };
	struct str s = str_c(k->act_otherwise);
	size_t i;

	if (k->act)
		v = json_get(root, k->act);
	if (k->act && json_type(v) != JSON_NONE)
		s = json_str(v);
	for (i = 0; i < act_count; i++)
		if (str_eq(s, str_c(act_names[i].name))) {
			c->act = act_names[i].kind;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "\"%s\" is \"%.*s\": not known", k->act,
	    (int)s.n, s.p ? s.p : "");
}

static void
read_tokens(struct model_config *c, struct json_val root)
{
	bool tied = c->family == FAMILY_GPT2 || c->family == FAMILY_BLOOM;

	c->init_std = json_double(json_get(root, "initializer_range"), 0.02);
	c->tied = json_bool(json_get(root, "tie_word_embeddings"), tied);
	c->bos = json_int(json_get(root, "bos_token_id"), -1);
	c->eos = json_int(json_get(root, "eos_token_id"), -1);
}

/* Layers of one kind only: all look at the window, or none does. */
static int
read_window(struct model_config *c, struct json_val root, struct err *e)
{
	struct json_val w = json_get(root, "sliding_window");
	struct json_val use = json_get(root, "use_sliding_window");
	bool windowed = c->family == FAMILY_MISTRAL || json_bool(use, false);
	const char *kind =
	    windowed && !config_off(w) ? "sliding_attention" : "full_attention";
	struct json_iter it = json_each(json_get(root, "layer_types"));
	struct json_val v;

	if (c->family == FAMILY_LLAMA && json_type(w) != JSON_NONE &&
	    !config_off(w))
		return err_set(e, ERR_FORMAT,
		    "\"sliding_window\" is not known in a llama; a mistral "
		    "has one");
	while (json_next(&it, NULL, &v))
		if (!str_eq(json_str(v), str_c(kind)))
			return err_set(e, ERR_FORMAT,
			    "\"layer_types\" must all be \"%s\"", kind);
	if (windowed && c->family != FAMILY_MISTRAL && !config_off(w) &&
	    json_type(json_get(root, "layer_types")) == JSON_NONE &&
	    json_int(json_get(root, "max_window_layers"), 28) != 0)
		return err_set(e, ERR_FORMAT,
		    "\"max_window_layers\" must be 0: all layers have the "
		    "window");
	if (!windowed || json_type(w) == JSON_NULL || config_off(w))
		return 0;
	return config_number(&c->window, root, "sliding_window", 4096, e);
}

static int
read_llama(struct model_config *c, struct json_val root, struct err *e)
{
	bool bias = json_bool(json_get(root, "attention_bias"), false);

	c->qkv_bias = c->qkv_bias || bias;
	c->out_bias = bias;
	c->mlp_bias = json_bool(json_get(root, "mlp_bias"), false);
	if ((bias && c->family == FAMILY_QWEN2) ||
	    ((bias || c->mlp_bias) && c->family == FAMILY_MISTRAL) ||
	    (c->mlp_bias && c->family != FAMILY_LLAMA))
		return err_set(e, ERR_FORMAT,
		    "\"attention_bias\" and \"mlp_bias\" are fixed in a %s",
		    family_name(c->family));
	return read_window(c, root, e);
}

static int
read_neox(struct model_config *c, struct json_val root, struct err *e)
{
	(void)e;
	c->parallel = json_bool(json_get(root, "use_parallel_residual"), true);
	c->qkv_bias = c->out_bias =
	    json_bool(json_get(root, "attention_bias"), true);
	return 0;
}

static int
read_gpt2(struct model_config *c, struct json_val root, struct err *e)
{
	(void)e;
	c->unscaled = !json_bool(json_get(root, "scale_attn_weights"), true);
	return 0;
}

/* What would do nothing is a mistake, not something to pass over. */
static int
refuse_idle(const struct model_config *c, struct json_val root, struct err *e)
{
	static const struct {
		const char *key, *with;
		enum position_kind a, b;
	} keys[] = {
		{ "rope_theta", "rope or xpos", POSITION_ROPE, POSITION_XPOS },
		{ "rope_scaling", "rope or xpos", POSITION_ROPE,
		    POSITION_XPOS },
		{ "rope_parameters", "rope or xpos", POSITION_ROPE,
		    POSITION_XPOS },
		{ "partial_rotary_factor", "rope or xpos", POSITION_ROPE,
		    POSITION_XPOS },
		{ "xpos_scale_base", "xpos", POSITION_XPOS, POSITION_XPOS },
		{ "relative_attention_num_buckets", "t5", POSITION_T5,
		    POSITION_T5 },
		{ "relative_attention_max_distance", "t5", POSITION_T5,
		    POSITION_T5 },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (c->position != keys[i].a && c->position != keys[i].b &&
		    given(json_get(root, keys[i].key)))
			return err_set(e, ERR_FORMAT,
			    "\"%s\" goes with \"position_embedding_type\" "
			    "%s, not %s: leave it out",
			    keys[i].key, keys[i].with,
			    position_names[c->position]);
	return 0;
}

static int
read_positions(struct model_config *c, struct json_val root, struct err *e)
{
	int kind;

	if (config_choice(
		&kind, root, "position_embedding_type", position_names, e) < 0)
		return e->code;
	c->position = (enum position_kind)kind;
	if (refuse_idle(c, root, e) < 0)
		return e->code;
	if (c->position == POSITION_XPOS &&
	    config_positive(&c->xpos_base, root, "xpos_scale_base", 512, e) < 0)
		return e->code;
	if (c->position != POSITION_T5)
		return 0;
	if (config_number(
		&c->buckets, root, "relative_attention_num_buckets", 32, e) < 0)
		return e->code;
	return config_number(
	    &c->distance, root, "relative_attention_max_distance", 128, e);
}

static int
read_quern(struct model_config *c, struct json_val root, struct err *e)
{
	static const char *const norms[] = { "rmsnorm", "layernorm", NULL };
	int norm, place;

	c->qkv_bias = c->out_bias =
	    json_bool(json_get(root, "attention_bias"), false);
	c->mlp_bias = json_bool(json_get(root, "mlp_bias"), false);
	c->qk_norm = json_bool(json_get(root, "qk_norm"), false);
	c->embed_norm = json_bool(json_get(root, "embedding_norm"), false);
	c->embed_scale = json_bool(json_get(root, "scale_embedding"), false);
	c->unscaled = !json_bool(json_get(root, "scale_attn_weights"), true);
	c->parallel = json_bool(json_get(root, "parallel_residual"), false);
	c->plain_mlp = !json_bool(json_get(root, "gated_mlp"), true);
	if (config_choice(&norm, root, "normalization", norms, e) < 0 ||
	    config_choice(&place, root, "norm_placement", norm_names, e) < 0)
		return e->code;
	c->layer_norm = norm == 1;
	c->norms = (enum norm_place)place;
	if (read_positions(c, root, e) < 0)
		return e->code;
	if (config_off(json_get(root, "sliding_window")) ||
	    json_type(json_get(root, "sliding_window")) == JSON_NONE)
		return 0;
	return config_number(&c->window, root, "sliding_window", 0, e);
}

/* "model_type"; a llama if there is none. */
static int
read_family(enum model_family *f, struct json_val root, struct err *e)
{
	struct json_val v = json_get(root, "model_type");
	struct str s = json_type(v) == JSON_NONE ? STR("llama") : json_str(v);
	int i;

	for (i = 0; i < FAMILIES; i++)
		if (str_eq(s, str_c(family_name((enum model_family)i)))) {
			*f = (enum model_family)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT,
	    "\"model_type\" is \"%.*s\"; llama, mistral, qwen2, qwen3, gpt2, "
	    "bloom, gpt_neox and quern are known",
	    (int)s.n, s.p ? s.p : "");
}

/* NULL: the family decides all. */
static int (*const read_rest[FAMILIES])(
    struct model_config *, struct json_val, struct err *) = {
	[FAMILY_LLAMA] = read_llama,
	[FAMILY_MISTRAL] = read_llama,
	[FAMILY_QWEN2] = read_llama,
	[FAMILY_QWEN3] = read_llama,
	[FAMILY_GPT2] = read_gpt2,
	[FAMILY_NEOX] = read_neox,
	[FAMILY_QUERN] = read_quern,
};

/* Options that are true or false, of all families. */
static int
check_flags(struct json_val root, struct err *e)
{
	static const char *const flags[] = { "tie_word_embeddings",
		"attention_bias", "mlp_bias", "use_parallel_residual",
		"scale_attn_weights", "qk_norm", "embedding_norm",
		"scale_embedding", "parallel_residual", "gated_mlp",
		"use_sliding_window" };
	enum json_type type;
	struct json_val v;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		v = json_get(root, flags[i]);
		type = json_type(v);
		if (type != JSON_BOOL && type != JSON_NULL && type != JSON_NONE)
			return err_set(e, ERR_FORMAT,
			    "\"%s\" is neither true nor false", flags[i]);
	}
	return 0;
}

int
config_read(struct model_config *c, struct json_val root, struct err *e)
{
	enum model_family family = FAMILY_LLAMA;
	const struct config_keys *k;

	if (json_type(root) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "not a JSON object");
	if (read_family(&family, root, e) < 0)
		return e->code;
	*c = (struct model_config){ .theta = 10000 };
	config_family(c, family);
	k = config_keys(family);
	read_tokens(c, root);
	if (check_flags(root, e) < 0 || check_keys(root, k, e) < 0 ||
	    read_sizes(c, root, k, e) < 0 ||
	    config_positive(&c->eps, root, k->eps, k->eps_otherwise, e) < 0 ||
	    read_act(c, root, k, e) < 0 ||
	    (read_rest[family] && read_rest[family](c, root, e) < 0) ||
	    (config_rotates(family) && config_rope(c, root, e) < 0))
		return e->code;
	return config_check(c, e);
}

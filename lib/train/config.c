/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/config.h"
#include "train/ops.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum {
	MAX_LAYERS = 1024,
	MAX_WIDTH = 1 << 20,
	MAX_VOCAB = 1 << 24,
	MAX_HEAD_DIM = 256,
};

/* Keys that name things or steer other software: nothing to compute. */
static const char *const harmless[] = { "_name_or_path", "architectures",
	"model_type", "torch_dtype", "dtype", "transformers_version",
	"use_cache", "pad_token_id", "pretraining_tp", "max_window_layers" };

static const char *const understood[] = { "vocab_size", "hidden_size",
	"intermediate_size", "num_hidden_layers", "num_attention_heads",
	"num_key_value_heads", "head_dim", "max_position_embeddings",
	"rms_norm_eps", "rope_theta", "rope_parameters", "rope_scaling",
	"initializer_range", "tie_word_embeddings", "bos_token_id",
	"eos_token_id", "hidden_act", "attention_bias", "mlp_bias",
	"sliding_window", "use_sliding_window", "layer_types" };

/*
 * Dropout rates are a matter of training, not of the model: the caller's
 * options decide.  n_ctx repeats n_positions; reorder_and_upcast_attn is about
 * rounding, summary_* and task_specific_params about other uses.
 */
static const char *const gpt2_harmless[] = { "_name_or_path", "architectures",
	"model_type", "torch_dtype", "dtype", "transformers_version",
	"use_cache", "pad_token_id", "n_ctx", "attn_pdrop", "embd_pdrop",
	"resid_pdrop", "reorder_and_upcast_attn", "summary_activation",
	"summary_first_dropout", "summary_proj_to_labels", "summary_type",
	"summary_use_proj", "task_specific_params" };

static const char *const gpt2_understood[] = { "vocab_size", "n_embd",
	"n_inner", "n_layer", "n_head", "n_positions", "layer_norm_epsilon",
	"initializer_range", "tie_word_embeddings", "bos_token_id",
	"eos_token_id", "activation_function", "scale_attn_weights" };

static const char *const families[FAMILIES] = { [FAMILY_LLAMA] = "llama",
	[FAMILY_MISTRAL] = "mistral",
	[FAMILY_QWEN2] = "qwen2",
	[FAMILY_QWEN3] = "qwen3",
	[FAMILY_GPT2] = "gpt2" };

/* What transformers calls the activations; the first of a kind is written. */
static const struct {
	const char *name;
	enum act_kind kind;
} acts[] = { { "silu", ACT_SILU }, { "swish", ACT_SILU }, { "gelu", ACT_GELU },
	{ "gelu_pytorch_tanh", ACT_GELU_TANH }, { "gelu_new", ACT_GELU_TANH },
	{ "relu", ACT_RELU }, { "relu2", ACT_RELU2 } };

const char *
family_name(enum model_family f)
{
	return families[f];
}

void
config_family(struct model_config *c, enum model_family f)
{
	bool gpt2 = f == FAMILY_GPT2;

	c->family = f;
	c->qk_norm = f == FAMILY_QWEN3;
	c->layer_norm = c->learned_pos = c->plain_mlp = c->in_out = gpt2;
	if (gpt2)
		c->qkv_bias = c->out_bias = c->mlp_bias = true;
	if (f == FAMILY_QWEN2)
		c->qkv_bias = true;
}

static bool
among(struct str key, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(key, str_c(list[i])))
			return true;
	return false;
}

/* null, false, 0 and "nothing" switch a thing off, known or not. */
static bool
is_off(struct json_val v)
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

static int
check_keys(struct json_val root, bool gpt2, struct err *e)
{
	const char *const *skip = gpt2 ? gpt2_harmless : harmless;
	const char *const *know = gpt2 ? gpt2_understood : understood;
	size_t nskip = gpt2 ? COUNT(gpt2_harmless) : COUNT(harmless);
	size_t nknow = gpt2 ? COUNT(gpt2_understood) : COUNT(understood);

	struct json_iter it = json_each(root);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v))
		if (!among(key, skip, nskip) && !among(key, know, nknow) &&
		    !is_off(v))
			return err_set(e, ERR_FORMAT,
			    "\"%.*s\" is not known here and may change the "
			    "model",
			    (int)key.n, key.p);
	return 0;
}

/* A string key must be absent or what is built here. */
static int
expect(struct json_val root, const char *key, const char *want, struct err *e)
{
	struct json_val v = json_get(root, key);
	struct str s = json_str(v);

	if (json_type(v) == JSON_NONE || str_eq(s, str_c(want)))
		return 0;
	return err_set(e, ERR_FORMAT,
	    "\"%s\" is \"%.*s\"; only \"%s\" is known", key, (int)s.n,
	    s.p ? s.p : "", want);
}

static int
check_rope(struct json_val root, struct err *e)
{
	struct json_val scaling = json_get(root, "rope_scaling");
	struct json_val p = json_get(root, "rope_parameters");
	struct json_iter it = json_each(p);
	struct json_val v;
	struct str key;

	if (json_type(scaling) != JSON_NONE && !is_off(scaling))
		return err_set(
		    e, ERR_FORMAT, "\"rope_scaling\": no scaling is known");
	if (expect(p, "rope_type", "default", e) < 0)
		return e->code;
	while (json_next(&it, &key, &v))
		if (!str_eq(key, STR("rope_type")) &&
		    !str_eq(key, STR("rope_theta")))
			return err_set(e, ERR_FORMAT,
			    "\"rope_parameters.%.*s\" is not known here",
			    (int)key.n, key.p);
	return 0;
}

/* A whole number, otherwise if absent or null. */
static int
number(uint32_t *to, struct json_val root, const char *key, uint32_t otherwise,
    struct err *e)
{
	struct json_val v = json_get(root, key);
	int64_t n = json_int(v, -1);

	*to = otherwise;
	if (json_type(v) == JSON_NONE || json_type(v) == JSON_NULL)
		return otherwise ? 0 : err_set(e, ERR_FORMAT, "no \"%s\"", key);
	if (n < 1 || n > MAX_VOCAB)
		return err_set(e, ERR_FORMAT,
		    "\"%s\" is not a whole number from 1 to %d", key,
		    MAX_VOCAB);
	*to = (uint32_t)n;
	return 0;
}

/* The head size follows from the width, if it isn't given. */
static int
check_heads(const struct model_config *c, const char *width, const char *heads,
    struct err *e)
{
	if (c->dim % c->heads == 0)
		return 0;
	return err_set(e, ERR_FORMAT, "\"%s\" %u is not divisible by \"%s\" %u",
	    width, c->dim, heads, c->heads);
}

static int
read_sizes(struct model_config *c, struct json_val root, struct err *e)
{
	int rc;

	if ((rc = number(&c->vocab, root, "vocab_size", 0, e)) < 0 ||
	    (rc = number(&c->dim, root, "hidden_size", 0, e)) < 0 ||
	    (rc = number(&c->hidden, root, "intermediate_size", 0, e)) < 0 ||
	    (rc = number(&c->layers, root, "num_hidden_layers", 0, e)) < 0 ||
	    (rc = number(&c->heads, root, "num_attention_heads", 0, e)) < 0 ||
	    (rc = number(
		 &c->kv_heads, root, "num_key_value_heads", c->heads, e)) < 0 ||
	    (rc = number(
		 &c->max_seq, root, "max_position_embeddings", 2048, e)) < 0)
		return rc;
	if (json_type(json_get(root, "head_dim")) == JSON_NONE &&
	    (rc = check_heads(c, "hidden_size", "num_attention_heads", e)) < 0)
		return rc;
	return number(&c->head_dim, root, "head_dim",
	    c->dim / c->heads ? c->dim / c->heads : 1, e);
}

static int
read_gpt2_sizes(struct model_config *c, struct json_val root, struct err *e)
{
	int rc;

	if ((rc = number(&c->vocab, root, "vocab_size", 0, e)) < 0 ||
	    (rc = number(&c->dim, root, "n_embd", 0, e)) < 0 ||
	    (rc = number(&c->hidden, root, "n_inner", 4 * c->dim, e)) < 0 ||
	    (rc = number(&c->layers, root, "n_layer", 0, e)) < 0 ||
	    (rc = number(&c->heads, root, "n_head", 0, e)) < 0 ||
	    (rc = number(&c->max_seq, root, "n_positions", 1024, e)) < 0 ||
	    (rc = check_heads(c, "n_embd", "n_head", e)) < 0)
		return rc;
	c->kv_heads = c->heads;
	c->head_dim = c->dim / c->heads;
	if (!json_bool(json_get(root, "scale_attn_weights"), true))
		return err_set(e, ERR_FORMAT,
		    "\"scale_attn_weights\" is false: scores are always "
		    "scaled here");
	return 0;
}

static int
read_act(struct model_config *c, struct json_val root, const char *key,
    const char *otherwise, struct err *e)
{
	struct json_val v = json_get(root, key);
	struct str s =
	    json_type(v) == JSON_NONE ? str_c(otherwise) : json_str(v);
	size_t i;

	for (i = 0; i < COUNT(acts); i++)
		if (str_eq(s, str_c(acts[i].name))) {
			c->act = acts[i].kind;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "\"%s\" is \"%.*s\": not known", key,
	    (int)s.n, s.p ? s.p : "");
}

/* Layers of one kind only: all look at the window, or none does. */
static int
read_window(struct model_config *c, struct json_val root, struct err *e)
{
	struct json_val w = json_get(root, "sliding_window");
	struct json_val use = json_get(root, "use_sliding_window");
	bool windowed = c->family == FAMILY_MISTRAL || json_bool(use, false);
	const char *kind =
	    windowed && !is_off(w) ? "sliding_attention" : "full_attention";
	struct json_iter it = json_each(json_get(root, "layer_types"));
	struct json_val v;

	if (c->family == FAMILY_LLAMA && json_type(w) != JSON_NONE &&
	    !is_off(w))
		return err_set(e, ERR_FORMAT,
		    "\"sliding_window\" is not known in a llama; a mistral "
		    "has one");
	while (json_next(&it, NULL, &v))
		if (!str_eq(json_str(v), str_c(kind)))
			return err_set(e, ERR_FORMAT,
			    "\"layer_types\" must all be \"%s\"", kind);
	if (windowed && c->family != FAMILY_MISTRAL && !is_off(w) &&
	    json_type(json_get(root, "layer_types")) == JSON_NONE &&
	    json_int(json_get(root, "max_window_layers"), 28) != 0)
		return err_set(e, ERR_FORMAT,
		    "\"max_window_layers\" must be 0: all layers have the "
		    "window");
	if (!windowed || json_type(w) == JSON_NULL || is_off(w))
		return 0;
	return number(&c->window, root, "sliding_window", 4096, e);
}

static void
read_tokens(struct model_config *c, struct json_val root)
{
	c->init_std = json_double(json_get(root, "initializer_range"), 0.02);
	c->tied = json_bool(
	    json_get(root, "tie_word_embeddings"), c->family == FAMILY_GPT2);
	c->bos = json_int(json_get(root, "bos_token_id"), -1);
	c->eos = json_int(json_get(root, "eos_token_id"), -1);
}

static int
read_rest(struct model_config *c, struct json_val root, struct err *e)
{
	double theta = json_double(json_get(root, "rope_theta"), 10000);
	bool bias = json_bool(json_get(root, "attention_bias"), false);

	c->eps = json_double(json_get(root, "rms_norm_eps"), 1e-6);
	c->theta =
	    json_double(json_path(root, "rope_parameters.rope_theta"), theta);
	c->qkv_bias = c->qkv_bias || bias;
	c->out_bias = bias;
	c->mlp_bias = json_bool(json_get(root, "mlp_bias"), false);
	if ((bias && c->family == FAMILY_QWEN2) ||
	    ((bias || c->mlp_bias) && c->family == FAMILY_MISTRAL) ||
	    (c->mlp_bias && c->family != FAMILY_LLAMA))
		return err_set(e, ERR_FORMAT,
		    "\"attention_bias\" and \"mlp_bias\" are fixed in a %s",
		    families[c->family]);
	if (read_act(c, root, "hidden_act", "silu", e) < 0)
		return e->code;
	return read_window(c, root, e);
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
	if (!(c->eps > 0) || !(c->theta > 1) || !(c->init_std >= 0))
		return err_set(e, ERR_FORMAT,
		    "\"rms_norm_eps\" must be above 0, \"rope_theta\" above 1, "
		    "\"initializer_range\" not below 0");
	return 0;
}

/* "model_type"; a llama if there is none. */
static int
read_family(enum model_family *f, struct json_val root, struct err *e)
{
	struct json_val v = json_get(root, "model_type");
	struct str s = json_type(v) == JSON_NONE ? STR("llama") : json_str(v);
	int i;

	for (i = 0; i < FAMILIES; i++)
		if (str_eq(s, str_c(families[i]))) {
			*f = (enum model_family)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT,
	    "\"model_type\" is \"%.*s\"; llama, mistral, qwen2, qwen3 and gpt2 "
	    "are known",
	    (int)s.n, s.p ? s.p : "");
}

static int
from_json(struct model_config *c, struct json_val root, struct err *e)
{
	enum model_family family = FAMILY_LLAMA;
	int rc;

	if (json_type(root) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "not a JSON object");
	if ((rc = read_family(&family, root, e)) < 0)
		return rc;
	*c = (struct model_config){ .theta = 10000 };
	config_family(c, family);
	if ((rc = check_keys(root, family == FAMILY_GPT2, e)) < 0)
		return rc;
	read_tokens(c, root);
	if (family == FAMILY_GPT2) {
		c->eps =
		    json_double(json_get(root, "layer_norm_epsilon"), 1e-5);
		rc = read_gpt2_sizes(c, root, e);
		if (rc == 0)
			rc = read_act(
			    c, root, "activation_function", "gelu_new", e);
	} else if ((rc = check_rope(root, e)) == 0 &&
		   (rc = read_sizes(c, root, e)) == 0) {
		rc = read_rest(c, root, e);
	}
	if (rc < 0)
		return rc;
	return config_check(c, e);
}

int
config_parse(struct model_config *c, const char *p, uint64_t n, struct err *e)
{
	struct json *j;
	int rc = json_parse(&j, p, n, e);

	if (rc < 0)
		return rc;
	rc = from_json(c, json_root(j), e);
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

static void
member(struct buf *out, const char *key, int64_t v)
{
	buf_printf(out, "  \"%s\": %lld,\n", key, (long long)v);
}

static void
real_member(struct buf *out, const char *key, double v)
{
	buf_printf(out, "  \"%s\": ", key);
	buf_double(out, v);
	buf_puts(out, ",\n");
}

static void
flag(struct buf *out, const char *key, bool on)
{
	buf_printf(out, "  \"%s\": %s,\n", key, on ? "true" : "false");
}

static const char *
act_name(uint32_t kind)
{
	size_t i;

	for (i = 0; acts[i].kind != kind; i++)
		;
	return acts[i].name;
}

static void
write_gpt2(const struct model_config *c, struct buf *out)
{
	buf_printf(out,
	    "  \"activation_function\": \"%s\",\n"
	    "  \"attn_pdrop\": 0.0,\n  \"embd_pdrop\": 0.0,\n"
	    "  \"resid_pdrop\": 0.0,\n",
	    c->act == ACT_GELU_TANH ? "gelu_new" : act_name(c->act));
	member(out, "n_embd", c->dim);
	member(out, "n_inner", c->hidden);
	member(out, "n_layer", c->layers);
	member(out, "n_head", c->heads);
	member(out, "n_positions", c->max_seq);
	real_member(out, "layer_norm_epsilon", c->eps);
}

static void
write_llama(const struct model_config *c, struct buf *out)
{
	buf_printf(out, "  \"hidden_act\": \"%s\",\n", act_name(c->act));
	if (c->family == FAMILY_LLAMA)
		flag(out, "mlp_bias", c->mlp_bias);
	if (c->family == FAMILY_LLAMA || c->family == FAMILY_QWEN3)
		flag(out, "attention_bias", c->out_bias);
	if (c->family == FAMILY_MISTRAL && !c->window)
		buf_puts(out, "  \"sliding_window\": null,\n");
	if (c->window)
		member(out, "sliding_window", c->window);
	if (c->family == FAMILY_QWEN2 || c->family == FAMILY_QWEN3) {
		flag(out, "use_sliding_window", c->window > 0);
		/* transformers windows the layers from this one on. */
		member(out, "max_window_layers", c->window ? 0 : c->layers);
	}
	member(out, "hidden_size", c->dim);
	member(out, "intermediate_size", c->hidden);
	member(out, "num_hidden_layers", c->layers);
	member(out, "num_attention_heads", c->heads);
	member(out, "num_key_value_heads", c->kv_heads);
	member(out, "head_dim", c->head_dim);
	member(out, "max_position_embeddings", c->max_seq);
	real_member(out, "rms_norm_eps", c->eps);
	real_member(out, "rope_theta", c->theta);
}

void
config_write(const struct model_config *c, struct buf *out)
{
	static const char *const classes[FAMILIES] = {
		[FAMILY_LLAMA] = "LlamaForCausalLM",
		[FAMILY_MISTRAL] = "MistralForCausalLM",
		[FAMILY_QWEN2] = "Qwen2ForCausalLM",
		[FAMILY_QWEN3] = "Qwen3ForCausalLM",
		[FAMILY_GPT2] = "GPT2LMHeadModel",
	};

	buf_printf(out,
	    "{\n  \"architectures\": [\"%s\"],\n  \"model_type\": "
	    "\"%s\",\n",
	    classes[c->family], families[c->family]);
	if (c->bos >= 0)
		member(out, "bos_token_id", c->bos);
	if (c->eos >= 0)
		member(out, "eos_token_id", c->eos);
	member(out, "vocab_size", c->vocab);
	if (c->family == FAMILY_GPT2)
		write_gpt2(c, out);
	else
		write_llama(c, out);
	real_member(out, "initializer_range", c->init_std);
	buf_printf(out,
	    "  \"tie_word_embeddings\": %s,\n  \"torch_dtype\": "
	    "\"float32\"\n}\n",
	    c->tied ? "true" : "false");
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
	       a->tied == b->tied && a->act == b->act &&
	       a->window == b->window && a->qkv_bias == b->qkv_bias &&
	       a->out_bias == b->out_bias && a->mlp_bias == b->mlp_bias;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "train/config.h"

enum {
	MAX_LAYERS = 1024,
	MAX_WIDTH = 1 << 20,
	MAX_VOCAB = 1 << 24,
	MAX_HEAD_DIM = 256,
};

/* Keys that name things or steer other software: nothing to compute. */
static const char *const harmless[] = { "_name_or_path", "architectures",
	"model_type", "torch_dtype", "dtype", "transformers_version",
	"use_cache", "pad_token_id", "pretraining_tp" };

static const char *const understood[] = { "vocab_size", "hidden_size",
	"intermediate_size", "num_hidden_layers", "num_attention_heads",
	"num_key_value_heads", "head_dim", "max_position_embeddings",
	"rms_norm_eps", "rope_theta", "rope_parameters", "rope_scaling",
	"initializer_range", "tie_word_embeddings", "bos_token_id",
	"eos_token_id", "hidden_act" };

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
check_keys(struct json_val root, struct err *e)
{
	struct json_iter it = json_each(root);
	struct json_val v;
	struct str key;

	while (json_next(&it, &key, &v))
		if (!among(key, harmless, sizeof(harmless) / sizeof(char *)) &&
		    !among(
			key, understood, sizeof(understood) / sizeof(char *)) &&
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
	    c->dim % c->heads)
		return err_set(e, ERR_FORMAT,
		    "\"hidden_size\" %u is not divisible by "
		    "\"num_attention_heads\" %u",
		    c->dim, c->heads);
	return number(&c->head_dim, root, "head_dim",
	    c->dim / c->heads ? c->dim / c->heads : 1, e);
}

static void
read_rest(struct model_config *c, struct json_val root)
{
	double theta = json_double(json_get(root, "rope_theta"), 10000);

	c->eps = json_double(json_get(root, "rms_norm_eps"), 1e-6);
	c->theta =
	    json_double(json_path(root, "rope_parameters.rope_theta"), theta);
	c->init_std = json_double(json_get(root, "initializer_range"), 0.02);
	c->tied = json_bool(json_get(root, "tie_word_embeddings"), false);
	c->bos = json_int(json_get(root, "bos_token_id"), -1);
	c->eos = json_int(json_get(root, "eos_token_id"), -1);
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

static int
from_json(struct model_config *c, struct json_val root, struct err *e)
{
	int rc;

	if (json_type(root) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "not a JSON object");
	if ((rc = expect(root, "model_type", "llama", e)) < 0 ||
	    (rc = check_keys(root, e)) < 0 ||
	    (rc = expect(root, "hidden_act", "silu", e)) < 0 ||
	    (rc = check_rope(root, e)) < 0 || (rc = read_sizes(c, root, e)) < 0)
		return rc;
	read_rest(c, root);
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

void
config_write(const struct model_config *c, struct buf *out)
{
	buf_puts(out, "{\n  \"architectures\": [\"LlamaForCausalLM\"],\n"
		      "  \"model_type\": \"llama\",\n"
		      "  \"hidden_act\": \"silu\",\n"
		      "  \"attention_bias\": false,\n"
		      "  \"mlp_bias\": false,\n");
	if (c->bos >= 0)
		member(out, "bos_token_id", c->bos);
	if (c->eos >= 0)
		member(out, "eos_token_id", c->eos);
	member(out, "vocab_size", c->vocab);
	member(out, "hidden_size", c->dim);
	member(out, "intermediate_size", c->hidden);
	member(out, "num_hidden_layers", c->layers);
	member(out, "num_attention_heads", c->heads);
	member(out, "num_key_value_heads", c->kv_heads);
	member(out, "head_dim", c->head_dim);
	member(out, "max_position_embeddings", c->max_seq);
	real_member(out, "rms_norm_eps", c->eps);
	real_member(out, "rope_theta", c->theta);
	real_member(out, "initializer_range", c->init_std);
	buf_printf(out,
	    "  \"tie_word_embeddings\": %s,\n  \"torch_dtype\": "
	    "\"float32\"\n}\n",
	    c->tied ? "true" : "false");
}

bool
config_same(const struct model_config *a, const struct model_config *b)
{
	return a->vocab == b->vocab && a->dim == b->dim &&
	       a->hidden == b->hidden && a->layers == b->layers &&
	       a->heads == b->heads && a->kv_heads == b->kv_heads &&
	       a->head_dim == b->head_dim && a->max_seq == b->max_seq &&
	       a->eps == b->eps && a->theta == b->theta &&
	       a->init_std == b->init_std && a->tied == b->tied;
}

/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "train/config_impl.h"
#include "train/ops.h"

static void
member(struct buf *out, const char *key, int64_t v)
{
	if (key)
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

static void
text(struct buf *out, const char *key, const char *s)
{
	if (key)
		buf_printf(out, "  \"%s\": \"%s\",\n", key, s);
}

static const char *
act_name(const struct model_config *c)
{
	size_t i;

	if (c->family == FAMILY_GPT2 && c->act == ACT_GELU_TANH)
		return "gelu_new";
	for (i = 0; act_names[i].kind != c->act; i++)
		;
	return act_names[i].name;
}

/* transformers of all versions take theta here and the rest in there. */
static void
write_rope(const struct model_config *c, struct buf *out)
{
	const struct rope_scaling *s = &c->scaling;

	real_member(out,
	    c->family == FAMILY_NEOX ? "rotary_emb_base" : "rope_theta",
	    c->theta);
	if (s->kind == SCALING_NONE)
		return;
	buf_printf(out, "  \"rope_scaling\": {\n  \"rope_type\": \"%s\",\n",
	    scaling_names[s->kind]);
	if (s->kind != SCALING_LINEAR)
		member(out, "original_max_position_embeddings", s->original);
	if (s->kind == SCALING_LLAMA3) {
		real_member(out, "low_freq_factor", s->low);
		real_member(out, "high_freq_factor", s->high);
	}
	if (s->kind == SCALING_YARN) {
		real_member(out, "beta_slow", s->low);
		real_member(out, "beta_fast", s->high);
		real_member(out, "attention_factor", s->attention);
		flag(out, "truncate", s->truncate);
	}
	buf_puts(out, "  \"factor\": ");
	buf_double(out, s->factor);
	buf_puts(out, "\n  },\n");
}

/* A share that gives the same number of channels when it is read. */
static double
rotary_share(const struct model_config *c)
{
	double share = (double)c->rotary / c->head_dim;

	if (c->rotary == 0)
		return 1;
	return (uint32_t)(c->head_dim * share) == c->rotary
		   ? share
		   : (c->rotary + .5) / c->head_dim;
}

static void
write_gpt2(const struct model_config *c, struct buf *out)
{
	buf_puts(out, "  \"attn_pdrop\": 0.0,\n  \"embd_pdrop\": 0.0,\n"
		      "  \"resid_pdrop\": 0.0,\n");
	if (c->unscaled)
		flag(out, "scale_attn_weights", false);
}

static void
write_bloom(const struct model_config *c, struct buf *out)
{
	(void)c;
	flag(out, "apply_residual_connection_post_layernorm", false);
}

static void
write_neox(const struct model_config *c, struct buf *out)
{
	real_member(out, "rotary_pct", rotary_share(c));
	flag(out, "use_parallel_residual", c->parallel);
	flag(out, "attention_bias", c->out_bias);
	write_rope(c, out);
}

static void
write_llama(const struct model_config *c, struct buf *out)
{
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
	member(out, "num_key_value_heads", c->kv_heads);
	member(out, "head_dim", c->head_dim);
	write_rope(c, out);
}

static void
write_quern(const struct model_config *c, struct buf *out)
{
	member(out, "num_key_value_heads", c->kv_heads);
	member(out, "head_dim", c->head_dim);
	flag(out, "attention_bias", c->out_bias);
	flag(out, "mlp_bias", c->mlp_bias);
	flag(out, "qk_norm", c->qk_norm);
	flag(out, "gated_mlp", !c->plain_mlp);
	flag(out, "embedding_norm", c->embed_norm);
	flag(out, "scale_embedding", c->embed_scale);
	flag(out, "scale_attn_weights", !c->unscaled);
	flag(out, "parallel_residual", c->parallel);
	text(out, "normalization", c->layer_norm ? "layernorm" : "rmsnorm");
	text(out, "norm_placement", norm_names[c->norms]);
	text(out, "position_embedding_type", position_names[c->position]);
	if (c->window)
		member(out, "sliding_window", c->window);
	if (c->rotary)
		real_member(out, "partial_rotary_factor", rotary_share(c));
	if (c->position == POSITION_XPOS)
		real_member(out, "xpos_scale_base", c->xpos_base);
	if (c->position == POSITION_T5) {
		member(out, "relative_attention_num_buckets", c->buckets);
		member(out, "relative_attention_max_distance", c->distance);
	}
	if (config_rotated(c))
		write_rope(c, out);
}

static void (*const write_rest[FAMILIES])(
    const struct model_config *, struct buf *) = {
	[FAMILY_LLAMA] = write_llama,
	[FAMILY_MISTRAL] = write_llama,
	[FAMILY_QWEN2] = write_llama,
	[FAMILY_QWEN3] = write_llama,
	[FAMILY_GPT2] = write_gpt2,
	[FAMILY_BLOOM] = write_bloom,
	[FAMILY_NEOX] = write_neox,
	[FAMILY_QUERN] = write_quern,
};

void
config_write(const struct model_config *c, struct buf *out)
{
	const struct config_keys *k = config_keys(c->family);

	buf_printf(out, "{\n  \"architectures\": [\"%s\"],\n", k->class_name);
	text(out, "model_type", k->model_type);
	if (c->bos >= 0)
		member(out, "bos_token_id", c->bos);
	if (c->eos >= 0)
		member(out, "eos_token_id", c->eos);
	member(out, "vocab_size", c->vocab);
	text(out, k->act, act_name(c));
	member(out, k->dim, c->dim);
	member(out, k->hidden, c->hidden);
	member(out, k->layers, c->layers);
	member(out, k->heads, c->heads);
	member(out, k->max_seq, c->max_seq);
	real_member(out, k->eps, c->eps);
	write_rest[c->family](c, out);
	real_member(out, "initializer_range", c->init_std);
	buf_printf(out,
	    "  \"tie_word_embeddings\": %s,\n  \"torch_dtype\": "
	    "\"float32\"\n}\n",
	    c->tied ? "true" : "false");
}

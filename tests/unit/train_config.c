/* SPDX-License-Identifier: MIT */
/*
 * config.json: those of released models mean what they say and come back from
 * config_write(); what can't be or isn't known is refused; presets have as many
 * parameters as was published.
 */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "tap.h"
#include "train/config.h"
#include "train/ops.h"
#include "train/params.h"
#include "train/preset.h"

static bool
parse(struct model_config *c, const char *s, struct err *e)
{
	return config_parse(c, s, strlen(s), e) == 0;
}

/* Read, written, read again. */
static struct model_config
known(const char *what, const char *s)
{
	struct model_config c = { 0 }, again;
	struct buf b = { 0 };
	struct err e = { 0 };

	if (OK(parse(&c, s, &e), "%s is known %s", what, e.msg)) {
		config_write(&c, &b);
		OK(config_parse(&again, b.p, b.n, &e) == 0 &&
			config_same(&c, &again),
		    "%s comes back", what);
	}
	buf_free(&b);
	return c;
}

/* Keys as the models on Hugging Face have them. */
static void
test_released(void)
{
	struct model_config c = known("Llama 3.1 8B",
	    "{\"architectures\":[\"LlamaForCausalLM\"],\"attention_bias\":"
	    "false,\"attention_dropout\":0.0,\"bos_token_id\":128000,"
	    "\"eos_token_id\":128001,\"hidden_act\":\"silu\",\"hidden_size\":"
	    "4096,\"initializer_range\":0.02,\"intermediate_size\":14336,"
	    "\"max_position_embeddings\":131072,\"mlp_bias\":false,"
	    "\"model_type\":\"llama\",\"num_attention_heads\":32,"
	    "\"num_hidden_layers\":32,\"num_key_value_heads\":8,"
	    "\"pretraining_tp\":1,\"rms_norm_eps\":1e-05,\"rope_scaling\":"
	    "{\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":"
	    "4.0,\"original_max_position_embeddings\":8192,\"rope_type\":"
	    "\"llama3\"},\"rope_theta\":500000.0,\"tie_word_embeddings\":"
	    "false,\"torch_dtype\":\"bfloat16\",\"use_cache\":true,"
	    "\"vocab_size\":128256}");

	OK(c.scaling.kind == SCALING_LLAMA3 && c.scaling.factor == 8 &&
		c.scaling.original == 8192 && c.theta == 500000,
	    "its positions are stretched");
	c = known("Qwen 2.5 with YaRN",
	    "{\"model_type\":\"qwen2\",\"attention_dropout\":0.0,"
	    "\"hidden_size\":896,\"intermediate_size\":4864,"
	    "\"max_position_embeddings\":32768,\"max_window_layers\":24,"
	    "\"num_attention_heads\":14,\"num_hidden_layers\":24,"
	    "\"num_key_value_heads\":2,\"rms_norm_eps\":1e-06,"
	    "\"rope_theta\":1000000.0,\"sliding_window\":32768,"
	    "\"use_sliding_window\":false,\"tie_word_embeddings\":true,"
	    "\"vocab_size\":151936,\"rope_scaling\":{\"factor\":4.0,"
	    "\"original_max_position_embeddings\":32768,\"type\":\"yarn\"}}");
	OK(c.scaling.kind == SCALING_YARN && c.window == 0 &&
		fabs(c.scaling.attention - (.1 * log(4) + 1)) < 1e-12,
	    "its scores are sharper by %.4f", c.scaling.attention);
	c = known("bloom-560m",
	    "{\"apply_residual_connection_post_layernorm\":false,"
	    "\"attention_dropout\":0.0,\"attention_softmax_in_fp32\":true,"
	    "\"bias_dropout_fusion\":true,\"bos_token_id\":1,"
	    "\"eos_token_id\":2,\"pad_token_id\":3,\"unk_token_id\":0,"
	    "\"hidden_dropout\":0.0,\"initializer_range\":0.02,"
	    "\"layer_norm_epsilon\":1e-05,\"masked_softmax_fusion\":true,"
	    "\"model_type\":\"bloom\",\"n_embed\":1024,\"n_inner\":null,"
	    "\"n_layer\":24,\"num_attention_heads\":16,\"offset_alibi\":100,"
	    "\"pretraining_tp\":1,\"seq_length\":2048,\"skip_bias_add\":true,"
	    "\"skip_bias_add_qkv\":false,\"use_cache\":true,\"vocab_size\":"
	    "250880}");
	OK(c.dim == 1024 && c.hidden == 4096 && c.heads == 16 && c.tied &&
		c.position == POSITION_ALIBI && c.embed_norm &&
		c.max_seq == 2048,
	    "its shape");
	c = known("pythia-70m",
	    "{\"architectures\":[\"GPTNeoXForCausalLM\"],\"bos_token_id\":0,"
	    "\"eos_token_id\":0,\"hidden_act\":\"gelu\",\"hidden_size\":512,"
	    "\"initializer_range\":0.02,\"intermediate_size\":2048,"
	    "\"layer_norm_eps\":1e-05,\"max_position_embeddings\":2048,"
	    "\"model_type\":\"gpt_neox\",\"num_attention_heads\":8,"
	    "\"num_hidden_layers\":6,\"rotary_emb_base\":10000,\"rotary_pct\":"
	    "0.25,\"tie_word_embeddings\":false,\"torch_dtype\":\"float16\","
	    "\"use_cache\":true,\"use_parallel_residual\":true,\"vocab_size\":"
	    "50304}");
	OK(c.rotary == 16 && c.parallel && c.act == ACT_GELU, "its options");
}

#define OURS(members) \
	"{\"model_type\":\"quern\",\"vocab_size\":100,\"hidden_size\":32," \
	"\"num_hidden_layers\":2,\"num_attention_heads\":4," members "}"

static void
test_ours(void)
{
	struct model_config c = known("the least", OURS("\"norm_eps\":1e-5"));

	OK(c.hidden == 128 && c.position == POSITION_ROPE &&
		c.norms == NORM_PRE && !c.layer_norm && !c.plain_mlp &&
		c.rotary == 0 && c.window == 0,
	    "its defaults");
	c = known("all that is there",
	    OURS("\"position_embedding_type\":\"t5\","
		 "\"relative_attention_num_buckets\":16,"
		 "\"relative_attention_max_distance\":64,"
		 "\"normalization\":\"layernorm\",\"norm_placement\":"
		 "\"deepnorm\",\"embedding_norm\":true,\"scale_embedding\":"
		 "true,\"scale_attn_weights\":false,\"gated_mlp\":false,"
		 "\"qk_norm\":true,\"sliding_window\":9,\"attention_bias\":"
		 "true,\"mlp_bias\":true,\"hidden_act\":\"relu2\""));
	OK(c.position == POSITION_T5 && c.buckets == 16 && c.distance == 64 &&
		c.norms == NORM_DEEP && c.layer_norm && c.embed_norm &&
		c.embed_scale && c.unscaled && c.plain_mlp && c.qk_norm &&
		c.window == 9 && c.qkv_bias && c.out_bias && c.mlp_bias &&
		c.act == ACT_RELU2,
	    "it is all read");
	c = known(
	    "a third of a head of 8", OURS("\"partial_rotary_factor\":0.34"));
	OK(c.rotary == 2, "two channels turn");
	known("xPos", OURS("\"position_embedding_type\":\"xpos\""));
}

static void
test_refused(void)
{
	static const char *const bad[][2] = {
		{ "{\"model_type\":\"mamba\"}",
		    "gpt_neox and quern are known" },
		{ OURS("\"rope_scaling\":{\"rope_type\":\"longrope\"}"),
		    "yarn are known" },
		{ OURS("\"rope_scaling\":{\"rope_type\":\"linear\"}"),
		    "no \"factor\"" },
		{ OURS("\"rope_scaling\":{\"rope_type\":\"llama3\","
		       "\"factor\":2,\"low_freq_factor\":4,"
		       "\"high_freq_factor\":4,"
		       "\"original_max_position_embeddings\":64}"),
		    "must be above low_freq_factor" },
		{ OURS("\"rope_scaling\":{\"rope_type\":\"yarn\","
		       "\"factor\":4,\"mscale\":-9,\"mscale_all_dim\":1}"),
		    "must be above 0" },
		{ OURS("\"rope_parameters\":{\"short_factor\":[1]}"),
		    "\"rope_parameters.short_factor\" is not known" },
		{ OURS("\"rope_scaling\":{\"factor\":2}"),
		    "without a \"rope_type\"" },
		{ OURS("\"partial_rotary_factor\":2"), "at most 1" },
		{ OURS("\"partial_rotary_factor\":0.4"), "must be even" },
		{ OURS("\"position_embedding_type\":\"t5\",\"rope_theta\":9"),
		    "leave it out" },
		{ OURS("\"xpos_scale_base\":9"), "goes with" },
		{ OURS("\"position_embedding_type\":\"t5\","
		       "\"relative_attention_num_buckets\":1"),
		    "must be from 2" },
		{ OURS("\"norm_placement\":\"middle\""),
		    "pre, post, sandwich, deepnorm" },
		{ OURS("\"normalization\":\"batchnorm\""),
		    "rmsnorm, layernorm" },
		{ OURS("\"parallel_residual\":true,\"norm_placement\":"
		       "\"deepnorm\""),
		    "\"pre\" only" },
		{ OURS("\"num_key_value_heads\":3"), "not divisible" },
		{ OURS("\"norm_eps\":0"), "not a number above 0" },
		{ OURS("\"sliding_window\":-1"), "not a whole number" },
		{ OURS("\"attn_logit_softcapping\":30.0"),
		    "may change the model" },
		{ "{\"model_type\":\"bloom\",\"vocab_size\":9,\"n_embed\":9,"
		  "\"n_layer\":1,\"n_head\":2}",
		    "not divisible" },
		{ "{\"model_type\":\"bloom\",\"vocab_size\":9,\"n_embed\":8,"
		  "\"n_layer\":1,\"n_head\":2,"
		  "\"apply_residual_connection_post_layernorm\":true}",
		    "apply_residual_connection_post_layernorm" },
		{ "{\"vocab_size\":9,\"hidden_size\":8,"
		  "\"intermediate_size\":9,\"num_hidden_layers\":1,"
		  "\"num_attention_heads\":2,\"rope_parameters\":"
		  "{\"partial_rotary_factor\":0.5}}",
		    "must be 1 in this family" },
	};
	struct model_config c;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		e = (struct err){ 0 };
		OK(!parse(&c, bad[i][0], &e) && strstr(e.msg, bad[i][1]),
		    "refused: %s", e.msg);
	}
}

static void
test_presets(void)
{
	/* Of the papers and model cards; of the last, its safetensors. */
	static const struct {
		const char *name;
		uint64_t params;
	} want[] = { { "gpt2-124m", 124439808 }, { "gpt2-355m", 354823168 },
		{ "gpt2-774m", 774030080 }, { "gpt2-1558m", 1557611200 },
		{ "llama-15m", 15191712 }, { "llama-110m", 109529856 },
		{ "llama-1b", 1235814400 }, { "llama-8b", 8030261248 },
		{ "qwen3-0.6b", 596049920 } };
	struct model_config c;
	struct params p;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
		if (!OK(preset_find(&c, want[i].name) &&
			    config_check(&c, &e) == 0 &&
			    params_build(&p, &c, &e) == 0,
			"preset %s", want[i].name))
			continue;
		OK(p.count == want[i].params, "%s: %llu parameters",
		    want[i].name, (unsigned long long)p.count);
		params_free(&p);
	}
	OK(!preset_find(&c, "gpt2"), "no other");
}

int
main(void)
{
	test_released();
	test_ours();
	test_refused();
	test_presets();
	return tap_end();
}

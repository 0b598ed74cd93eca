/* SPDX-License-Identifier: MIT */
#include "train/config_impl.h"
#include "train/ops.h"

#define COMMON_HARMLESS \
	"_name_or_path", "architectures", "model_type", "torch_dtype", \
	    "dtype", "transformers_version", "use_cache", "pad_token_id"
#define COMMON_UNDERSTOOD \
	"vocab_size", "initializer_range", "tie_word_embeddings", \
	    "bos_token_id", "eos_token_id"
#define ROPE "rope_theta", "rope_scaling", "rope_parameters"

/*
 * Dropout rates are a matter of training, not of the model: the caller's
 * options decide.
 */
static const char *const llama_harmless[] = { COMMON_HARMLESS, "pretraining_tp",
	"max_window_layers", "attention_dropout", NULL };
static const char *const llama_understood[] = { COMMON_UNDERSTOOD, ROPE,
	"num_key_value_heads", "head_dim", "attention_bias", "mlp_bias",
	"sliding_window", "use_sliding_window", "layer_types", NULL };

/*
 * n_ctx repeats n_positions; reorder_and_upcast_attn is about rounding,
 * summary_* and task_specific_params about other uses.
 */
static const char *const gpt2_harmless[] = { COMMON_HARMLESS, "n_ctx",
	"attn_pdrop", "embd_pdrop", "resid_pdrop", "reorder_and_upcast_attn",
	"summary_activation", "summary_first_dropout", "summary_proj_to_labels",
	"summary_type", "summary_use_proj", "task_specific_params", NULL };
static const char *const gpt2_understood[] = { COMMON_UNDERSTOOD,
	"scale_attn_weights", NULL };

/* slow_but_exact and *softmax_fusion are about rounding. */
static const char *const bloom_harmless[] = { COMMON_HARMLESS, "pretraining_tp",
	"slow_but_exact", "hidden_dropout", "attention_dropout",
	"masked_softmax_fusion", "bias_dropout_fusion", "offset_alibi",
	"skip_bias_add", "skip_bias_add_qkv", "attention_softmax_in_fp32",
	"unk_token_id", NULL };
static const char *const bloom_understood[] = { COMMON_UNDERSTOOD, NULL };

static const char *const neox_harmless[] = { COMMON_HARMLESS, "hidden_dropout",
	"attention_dropout", "classifier_dropout", NULL };
static const char *const neox_understood[] = { COMMON_UNDERSTOOD, ROPE,
	"rotary_pct", "rotary_emb_base", "use_parallel_residual",
	"attention_bias", NULL };

static const char *const quern_harmless[] = { COMMON_HARMLESS, NULL };
static const char *const quern_understood[] = { COMMON_UNDERSTOOD, ROPE,
	"num_key_value_heads", "head_dim", "attention_bias", "mlp_bias",
	"sliding_window", "qk_norm", "normalization", "norm_placement",
	"embedding_norm", "scale_embedding", "scale_attn_weights",
	"parallel_residual", "gated_mlp", "position_embedding_type",
	"partial_rotary_factor", "xpos_scale_base",
	"relative_attention_num_buckets", "relative_attention_max_distance",
	NULL };

#define LLAMA(type, class) \
	{ \
		.model_type = type, .class_name = class, .dim = "hidden_size", \
		.hidden = "intermediate_size", .layers = "num_hidden_layers", \
		.heads = "num_attention_heads", \
		.max_seq = "max_position_embeddings", .eps = "rms_norm_eps", \
		.act = "hidden_act", .act_otherwise = "silu", \
		.max_seq_otherwise = 2048, .eps_otherwise = 1e-6, \
		.harmless = llama_harmless, .understood = llama_understood \
	}

static const struct config_keys keys[FAMILIES] = {
	[FAMILY_LLAMA] = LLAMA("llama", "LlamaForCausalLM"),
	[FAMILY_MISTRAL] = LLAMA("mistral", "MistralForCausalLM"),
	[FAMILY_QWEN2] = LLAMA("qwen2", "Qwen2ForCausalLM"),
	[FAMILY_QWEN3] = LLAMA("qwen3", "Qwen3ForCausalLM"),
	[FAMILY_GPT2] = { .model_type = "gpt2",
	    .class_name = "GPT2LMHeadModel",
	    .dim = "n_embd",
	    .hidden = "n_inner",
	    .layers = "n_layer",
	    .heads = "n_head",
	    .max_seq = "n_positions",
	    .eps = "layer_norm_epsilon",
	    .act = "activation_function",
	    .act_otherwise = "gelu_new",
	    .max_seq_otherwise = 1024,
	    .eps_otherwise = 1e-5,
	    .harmless = gpt2_harmless,
	    .understood = gpt2_understood },
	[FAMILY_BLOOM] = { .model_type = "bloom",
	    .class_name = "BloomForCausalLM",
	    .dim = "hidden_size",
	    .layers = "n_layer",
	    .heads = "n_head",
	    .other_dim = "n_embed",
	    .other_layers = "num_hidden_layers",
	    .other_heads = "num_attention_heads",
	    .max_seq = "seq_length",
	    .eps = "layer_norm_epsilon",
	    .act_otherwise = "gelu_new",
	    .max_seq_otherwise = 2048,
	    .eps_otherwise = 1e-5,
	    .harmless = bloom_harmless,
	    .understood = bloom_understood },
	[FAMILY_NEOX] = { .model_type = "gpt_neox",
	    .class_name = "GPTNeoXForCausalLM",
	    .dim = "hidden_size",
	    .hidden = "intermediate_size",
	    .layers = "num_hidden_layers",
	    .heads = "num_attention_heads",
	    .max_seq = "max_position_embeddings",
	    .eps = "layer_norm_eps",
	    .act = "hidden_act",
	    .act_otherwise = "gelu",
	    .max_seq_otherwise = 2048,
	    .eps_otherwise = 1e-5,
	    .harmless = neox_harmless,
	    .understood = neox_understood },
	[FAMILY_QUERN] = { .model_type = "quern",
	    .class_name = "QuernForCausalLM",
	    .dim = "hidden_size",
	    .hidden = "intermediate_size",
	    .layers = "num_hidden_layers",
	    .heads = "num_attention_heads",
	    .max_seq = "max_position_embeddings",
	    .eps = "norm_eps",
	    .act = "hidden_act",
	    .act_otherwise = "silu",
	    .max_seq_otherwise = 2048,
	    .eps_otherwise = 1e-5,
	    .harmless = quern_harmless,
	    .understood = quern_understood },
};

const char *const norm_names[] = { [NORM_PRE] = "pre",
	[NORM_POST] = "post",
	[NORM_SANDWICH] = "sandwich",
	[NORM_DEEP] = "deepnorm",
	[NORM_PLACES] = NULL };
const char *const position_names[] = { [POSITION_ROPE] = "rope",
	[POSITION_XPOS] = "xpos",
	[POSITION_LEARNED] = "learned",
	[POSITION_SINUSOIDAL] = "sinusoidal",
	[POSITION_ALIBI] = "alibi",
	[POSITION_T5] = "t5",
	[POSITION_NONE] = "none",
	[POSITIONS] = NULL };
const char *const scaling_names[] = { [SCALING_NONE] = "default",
	[SCALING_LINEAR] = "linear",
	[SCALING_LLAMA3] = "llama3",
	[SCALING_YARN] = "yarn",
	[SCALINGS] = NULL };

const struct act_name act_names[] = { { "silu", ACT_SILU },
	{ "swish", ACT_SILU }, { "gelu", ACT_GELU },
	{ "gelu_pytorch_tanh", ACT_GELU_TANH }, { "gelu_new", ACT_GELU_TANH },
	{ "gelu_fast", ACT_GELU_TANH }, { "relu", ACT_RELU },
	{ "relu2", ACT_RELU2 } };
const size_t act_count = sizeof(act_names) / sizeof(*act_names);

const struct config_keys *
config_keys(enum model_family f)
{
	return &keys[f];
}

bool
config_among(struct str key, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(key, str_c(*list)))
			return true;
	return false;
}

bool
config_rotates(enum model_family f)
{
	return f != FAMILY_GPT2 && f != FAMILY_BLOOM;
}

const char *
family_name(enum model_family f)
{
	return keys[f].model_type;
}

void
config_family(struct model_config *c, enum model_family f)
{
	bool gpt2 = f == FAMILY_GPT2, bloom = f == FAMILY_BLOOM;
	bool neox = f == FAMILY_NEOX;

	c->family = f;
	c->qk_norm = f == FAMILY_QWEN3;
	c->layer_norm = c->plain_mlp = gpt2 || bloom || neox;
	c->in_out = gpt2;
	c->embed_norm = bloom;
	c->parallel = neox;
	c->norms = NORM_PRE;
	c->position = gpt2    ? POSITION_LEARNED
		      : bloom ? POSITION_ALIBI
			      : POSITION_ROPE;
	if (gpt2 || bloom || neox)
		c->qkv_bias = c->out_bias = c->mlp_bias = true;
	if (f == FAMILY_QWEN2)
		c->qkv_bias = true;
}

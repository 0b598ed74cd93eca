/* SPDX-License-Identifier: MIT */
#include "train/params.h"

static const struct names llama = {
	.prefix = "model.",
	.layers = "layers.%u.",
	.embedding = "embed_tokens.weight",
	.norm = "norm",
	.head = "lm_head.weight",
	.layer = {
		[LAYER_NORM1] = "input_layernorm.weight",
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
		[LAYER_GATE] = "mlp.gate_proj.weight",
		[LAYER_UP] = "mlp.up_proj.weight",
		[LAYER_GATE_BIAS] = "mlp.gate_proj.bias",
		[LAYER_UP_BIAS] = "mlp.up_proj.bias",
		[LAYER_DOWN] = "mlp.down_proj.weight",
		[LAYER_DOWN_BIAS] = "mlp.down_proj.bias",
	},
};

static const struct names gpt2 = {
	.prefix = "transformer.",
	.layers = "h.%u.",
	.embedding = "wte.weight",
	.positions = "wpe.weight",
	.norm = "ln_f",
	.head = "lm_head.weight",
	.layer = {
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
	},
};

static const struct names bloom = {
	.prefix = "transformer.",
	.layers = "h.%u.",
	.embedding = "word_embeddings.weight",
	.embed_norm = "word_embeddings_layernorm",
	.norm = "ln_f",
	.head = "lm_head.weight",
	.layer = {
		[LAYER_NORM1] = "input_layernorm.weight",
		[LAYER_NORM1_BIAS] = "input_layernorm.bias",
		[LAYER_Q] = "self_attention.query_key_value.weight",
		[LAYER_Q_BIAS] = "self_attention.query_key_value.bias",
		[LAYER_O] = "self_attention.dense.weight",
		[LAYER_O_BIAS] = "self_attention.dense.bias",
		[LAYER_NORM2] = "post_attention_layernorm.weight",
		[LAYER_NORM2_BIAS] = "post_attention_layernorm.bias",
		[LAYER_GATE] = "mlp.dense_h_to_4h.weight",
		[LAYER_GATE_BIAS] = "mlp.dense_h_to_4h.bias",
		[LAYER_DOWN] = "mlp.dense_4h_to_h.weight",
		[LAYER_DOWN_BIAS] = "mlp.dense_4h_to_h.bias",
	},
};

static const struct names neox = {
	.prefix = "gpt_neox.",
	.layers = "layers.%u.",
	.embedding = "embed_in.weight",
	.norm = "final_layer_norm",
	.head = "embed_out.weight",
	.layer = {
		[LAYER_NORM1] = "input_layernorm.weight",
		[LAYER_NORM1_BIAS] = "input_layernorm.bias",
		[LAYER_Q] = "attention.query_key_value.weight",
		[LAYER_Q_BIAS] = "attention.query_key_value.bias",
		[LAYER_O] = "attention.dense.weight",
		[LAYER_O_BIAS] = "attention.dense.bias",
		[LAYER_NORM2] = "post_attention_layernorm.weight",
		[LAYER_NORM2_BIAS] = "post_attention_layernorm.bias",
		[LAYER_GATE] = "mlp.dense_h_to_4h.weight",
		[LAYER_GATE_BIAS] = "mlp.dense_h_to_4h.bias",
		[LAYER_DOWN] = "mlp.dense_4h_to_h.weight",
		[LAYER_DOWN_BIAS] = "mlp.dense_4h_to_h.bias",
	},
};

/* Ours: Llama's, and norms by where they may stand. */
static const struct names quern = {
	.prefix = "model.",
	.layers = "layers.%u.",
	.embedding = "embed_tokens.weight",
	.embed_norm = "embed_norm",
	.positions = "embed_positions.weight",
	.relative = "relative_attention_bias.weight",
	.norm = "norm",
	.head = "lm_head.weight",
	.layer = {
		[LAYER_NORM1] = "attn_norm.weight",
		[LAYER_NORM1_BIAS] = "attn_norm.bias",
		[LAYER_OUT_NORM1] = "attn_out_norm.weight",
		[LAYER_OUT_NORM1_BIAS] = "attn_out_norm.bias",
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
		[LAYER_NORM2] = "mlp_norm.weight",
		[LAYER_NORM2_BIAS] = "mlp_norm.bias",
		[LAYER_OUT_NORM2] = "mlp_out_norm.weight",
		[LAYER_OUT_NORM2_BIAS] = "mlp_out_norm.bias",
		[LAYER_GATE] = "mlp.gate_proj.weight",
		[LAYER_UP] = "mlp.up_proj.weight",
		[LAYER_GATE_BIAS] = "mlp.gate_proj.bias",
		[LAYER_UP_BIAS] = "mlp.up_proj.bias",
		[LAYER_DOWN] = "mlp.down_proj.weight",
		[LAYER_DOWN_BIAS] = "mlp.down_proj.bias",
	},
};

const struct names *
names_of(enum model_family f)
{
	switch (f) {
	case FAMILY_GPT2:
		return &gpt2;
	case FAMILY_BLOOM:
		return &bloom;
	case FAMILY_NEOX:
		return &neox;
	case FAMILY_QUERN:
		return &quern;
	default:
		return &llama;
	}
}

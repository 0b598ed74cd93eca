/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CONFIG_H
#define TRAIN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;

/* Whose keys config.json has and whose names the tensors. */
enum model_family {
	FAMILY_LLAMA,
	FAMILY_MISTRAL, /* Llama with a sliding window */
	FAMILY_QWEN2,   /* Llama with biases on q, k, v */
	FAMILY_QWEN3,   /* Llama with norms on queries and keys */
	FAMILY_GPT2,
	FAMILIES
};

/*
 * What config.json says of a model, with the keys of Hugging Face's
 * configurations.  A key that might change what the model computes and isn't
 * known here is an error, never ignored.  The family decides the keys and
 * names; what is computed stands in the fields from `act` on.
 */
struct model_config {
	enum model_family family;
	uint32_t vocab;    /* vocab_size */
	uint32_t dim;      /* hidden_size; n_embd */
	uint32_t hidden;   /* intermediate_size; n_inner, default 4 * dim */
	uint32_t layers;   /* num_hidden_layers; n_layer */
	uint32_t heads;    /* num_attention_heads; n_head */
	uint32_t kv_heads; /* num_key_value_heads; default: heads */
	uint32_t head_dim; /* default: dim / heads */
	uint32_t max_seq;  /* max_position_embeddings, default 2048;
			    * n_positions, default 1024 */
	double eps;        /* rms_norm_eps, default 1e-6;
			    * layer_norm_epsilon, default 1e-5 */
	double theta;      /* rope_theta; default 10000 */
	double init_std;   /* initializer_range; default 0.02 */
	bool tied;         /* tie_word_embeddings; default false, GPT-2 true */
	int64_t bos, eos;  /* *_token_id, or -1 */
	/* enum act_kind: hidden_act, default silu; activation_function,
	 * default gelu_new. */
	uint32_t act;
	uint32_t window;  /* sliding_window: positions seen, itself among
			   * them; 0: all */
	bool qkv_bias;    /* attention_bias; Qwen2 and GPT-2 always */
	bool out_bias;    /* attention_bias; GPT-2 always */
	bool mlp_bias;    /* mlp_bias; GPT-2 always */
	bool qk_norm;     /* RMSNorm over each query and key head */
	bool layer_norm;  /* LayerNorm with bias, not RMSNorm */
	bool learned_pos; /* a table of positions, not rotation */
	bool plain_mlp;   /* act(up), not act(gate) * up */
	bool in_out;      /* matrices of layers are kept (in, out) */
};

/* Elements of a row of the packed queries, keys and values. */
static inline uint32_t
config_qkv(const struct model_config *c)
{
	return (c->heads + 2 * c->kv_heads) * c->head_dim;
}

/* ERR_FORMAT names the file, the key and what is wrong with it. */
int config_load(struct model_config *c, const char *path, struct err *e);
/* As config_load(), from n bytes of JSON. */
int
config_parse(struct model_config *c, const char *p, uint64_t n, struct err *e);
/* ERR_FORMAT if the numbers don't fit each other or are beyond reason. */
int config_check(const struct model_config *c, struct err *e);
/* The same as JSON, for transformers to load. */
void config_write(const struct model_config *c, struct buf *out);
/* Do two configs describe the same computation? */
bool config_same(const struct model_config *a, const struct model_config *b);

/* "llama", as "model_type" has it; FAMILIES if there is none of that name. */
const char *family_name(enum model_family f);
/* Sets the fields that the family alone decides. */
void config_family(struct model_config *c, enum model_family f);

#endif

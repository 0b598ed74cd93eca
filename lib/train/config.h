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
	FAMILY_BLOOM, /* ALiBi, a norm behind the embeddings */
	FAMILY_NEOX,  /* attention and MLP side by side; part of a head turns */
	FAMILY_QUERN, /* ours: every option below has a key (quern-train(1)) */
	FAMILIES
};

/* How a model knows where its tokens stand. */
enum position_kind {
	POSITION_ROPE,       /* queries and keys are rotated */
	POSITION_XPOS,       /* and scaled: Sun et al., arXiv 2212.10554 */
	POSITION_LEARNED,    /* a table is added to the embeddings */
	POSITION_SINUSOIDAL, /* a fixed one; Vaswani et al., 1706.03762, 3.5 */
	POSITION_ALIBI,      /* scores fall with distance; 2108.12409 */
	POSITION_T5,         /* scores get a learned share; 1910.10683, 2.1 */
	POSITION_NONE,       /* by the causal mask alone */
	POSITIONS
};

/*
 * Where the norms of a layer stand, f being attention or MLP:
 *	pre		x + f(norm(x)), and one behind the last layer
 *	post		norm(x + f(x))
 *	sandwich	x + norm(f(norm(x))), and one behind the last layer
 *	deep		norm(a x + f(x)), a by depth, smaller first weights
 * Source: Xiong et al., arXiv 2002.04745 (pre, post); Ding et al., CogView,
 * arXiv 2105.13290, section 2.4; Wang et al., DeepNet, arXiv 2203.00555.
 */
enum norm_place { NORM_PRE, NORM_POST, NORM_SANDWICH, NORM_DEEP, NORM_PLACES };

/*
 * How rotary positions reach further than they were trained.  Source: Chen et
 * al., arXiv 2306.15595 (linear); the Llama 3.1 model card; Peng et al., arXiv
 * 2309.00071 (YaRN).
 */
enum scaling_kind {
	SCALING_NONE,
	SCALING_LINEAR, /* all angles / factor */
	SCALING_LLAMA3, /* slow ones / factor, fast ones as they are */
	SCALING_YARN,   /* likewise, and the scores are sharper */
	SCALINGS
};

struct rope_scaling {
	enum scaling_kind kind;
	double factor;
	/* Turns within `original` positions: from `low` on angles are less and
	 * less divided, from `high` on not at all (YaRN: beta_slow, beta_fast).
	 */
	double low, high;
	uint32_t original; /* positions it was trained for */
	double attention;  /* YaRN: factor of queries and keys */
	bool truncate;     /* YaRN: whole channels only */
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
	bool embed_norm;  /* a norm behind the embeddings */
	bool parallel;    /* x + attention(norm(x)) + MLP(norm'(x)) */
	bool plain_mlp;   /* act(up), not act(gate) * up */
	bool in_out;      /* matrices of layers are kept (in, out) */
	bool unscaled;    /* scores aren't divided by sqrt(head_dim) */
	bool embed_scale; /* embeddings are multiplied by sqrt(dim) */
	enum norm_place norms;
	enum position_kind position;
	uint32_t rotary; /* channels of a head that turn, the first; 0: all */
	struct rope_scaling scaling;
	double xpos_base; /* positions in which the decay is taken once */
	uint32_t buckets, distance; /* T5: shares a head; the last one's */
};

/* Elements of a row of the packed queries, keys and values. */
static inline uint32_t
config_qkv(const struct model_config *c)
{
	return (c->heads + 2 * c->kv_heads) * c->head_dim;
}

/* Is there a norm behind the last layer? */
static inline bool
config_last_norm(const struct model_config *c)
{
	return c->norms == NORM_PRE || c->norms == NORM_SANDWICH;
}

/* Do queries and keys turn? */
static inline bool
config_rotated(const struct model_config *c)
{
	return c->position == POSITION_ROPE || c->position == POSITION_XPOS;
}

/* Channels of a head that turn. */
static inline uint32_t
config_rotary(const struct model_config *c)
{
	return c->rotary ? c->rotary : c->head_dim;
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

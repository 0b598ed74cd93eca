/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CONFIG_H
#define TRAIN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;

/*
 * What config.json says of a model: the keys of Hugging Face's
 * LlamaForCausalLM.  A key that might change what the model computes and
 * isn't known here is an error, never ignored.
 */
struct model_config {
	uint32_t vocab;    /* vocab_size */
	uint32_t dim;      /* hidden_size */
	uint32_t hidden;   /* intermediate_size */
	uint32_t layers;   /* num_hidden_layers */
	uint32_t heads;    /* num_attention_heads */
	uint32_t kv_heads; /* num_key_value_heads; default: heads */
	uint32_t head_dim; /* default: dim / heads */
	uint32_t max_seq;  /* max_position_embeddings; default 2048 */
	double eps;        /* rms_norm_eps; default 1e-6 */
	double theta;      /* rope_theta; default 10000 */
	double init_std;   /* initializer_range; default 0.02 */
	bool tied;         /* tie_word_embeddings; default false */
	int64_t bos, eos;  /* *_token_id, or -1 */
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

#endif

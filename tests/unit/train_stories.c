/* SPDX-License-Identifier: MIT */
/*
 * A model trained elsewhere (260K parameters, llama2.c's file format) turned
 * into a Hugging Face folder: the ids, losses and logits of an independent
 * run in double.  Needs data that is not part of the repository.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/stream.h"
#include "tap.h"
#include "train/model.h"
#include "train/params.h"
#include "train/sample.h"
#include "train/weights.h"

enum { HEADER = 7 * 4 };

static char top[] = "/tmp/quern-stories-XXXXXX";

static void
load_header(struct model_config *c, const char *p)
{
	int32_t h[7];

	memcpy(h, p, sizeof(h));
	*c = (struct model_config){ .dim = (uint32_t)h[0],
		.hidden = (uint32_t)h[1],
		.layers = (uint32_t)h[2],
		.heads = (uint32_t)h[3],
		.kv_heads = (uint32_t)h[4],
		.vocab = (uint32_t)h[5],
		.max_seq = (uint32_t)h[6],
		.head_dim = (uint32_t)(h[0] / h[3]),
		.eps = 1e-5,
		.theta = 10000,
		.tied = true,
		.bos = 1,
		.eos = 2 };
}

/*
 * The file has all layers of one kind together; queries and keys rotate
 * neighbouring channels, where transformers rotates halves.
 */
static void
place(struct net *n, const float *from, const char *fmt, uint32_t layer,
    size_t size, uint32_t rotated_heads)
{
	const struct model_config *c = &n->p->config;
	float *to = malloc(size * sizeof(*to));
	size_t D = c->head_dim, C = c->dim, i, h, d;
	char name[80];
	struct err e;

	snprintf(name, sizeof(name), fmt, layer);
	memcpy(to, from, size * sizeof(*to));
	for (h = 0; h < rotated_heads; h++)
		for (d = 0; d < D; d++) {
			i = d % 2 * D / 2 + d / 2;
			memcpy(to + (h * D + i) * C, from + (h * D + d) * C,
			    C * sizeof(*to));
		}
	net_put(n->ops, n->params, params_find(&n->p->params, name)->at, to,
	    size, &e);
	free(to);
}

static void
place_all(struct net *n, const float *f)
{
	const struct model_config *c = &n->p->config;
	size_t C = c->dim, F = c->hidden;
	size_t kv = (size_t)c->kv_heads * c->head_dim;
	const struct {
		const char *name;
		size_t size;
		uint32_t heads;
	} kind[] = {
		{ "model.layers.%u.input_layernorm.weight", C, 0 },
		{ "model.layers.%u.self_attn.q_proj.weight", C * C, c->heads },
		{ "model.layers.%u.self_attn.k_proj.weight", kv * C,
		    c->kv_heads },
		{ "model.layers.%u.self_attn.v_proj.weight", kv * C, 0 },
		{ "model.layers.%u.self_attn.o_proj.weight", C * C, 0 },
		{ "model.layers.%u.post_attention_layernorm.weight", C, 0 },
		{ "model.layers.%u.mlp.gate_proj.weight", F * C, 0 },
		{ "model.layers.%u.mlp.down_proj.weight", F * C, 0 },
		{ "model.layers.%u.mlp.up_proj.weight", F * C, 0 },
	};
	uint32_t i;
	size_t k;

	place(n, f, "model.embed_tokens.weight", 0, c->vocab * C, 0);
	f += c->vocab * C;
	for (k = 0; k < sizeof(kind) / sizeof(*kind); k++)
		for (i = 0; i < c->layers; i++, f += kind[k].size)
			place(
			    n, f, kind[k].name, i, kind[k].size, kind[k].heads);
	place(n, f, "model.norm.weight", 0, C, 0);
}

/* The folder that transformers would have. */
static int
convert(const char *path, struct err *e)
{
	struct model_config c;
	struct buf json = { 0 };
	struct program p;
	struct net n;
	char *raw, to[256];
	size_t size;

	if (in_slurp(path, &raw, &size, e) < 0)
		return e->code;
	load_header(&c, raw);
	config_write(&c, &json);
	snprintf(to, sizeof(to), "%s/config.json", top);
	if (out_whole(to, json.p, json.n, e) < 0 ||
	    program_build(&p, &c, 1, false, e) < 0 ||
	    net_open(&n, &p, ops_cpu(0), e) < 0)
		return e->code;
	place_all(&n, (const float *)(void *)(raw + HEADER));
	snprintf(to, sizeof(to), "%s/model.safetensors", top);
	weights_save(&n, to,
	    &(struct weights_part){
		.prefix = "", .arena = n.params, .of = &n.p->params },
	    1, NULL, e);
	net_close(&n);
	program_free(&p);
	buf_free(&json);
	free(raw);
	return 0;
}

static double
nll(const float *logits, uint32_t n, uint32_t id)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += exp((double)logits[i] - (double)logits[id]);
	return log(sum);
}

/* The largest difference from the six stored rows of logits. */
static double
compare_logits(struct json_val all, uint64_t position, const float *logits)
{
	char key[24];
	struct json_val x;
	struct json_iter it;
	double worst = 0;
	size_t i;

	snprintf(key, sizeof(key), "%llu", (unsigned long long)position);
	it = json_each(json_get(all, key));
	for (i = 0; json_next(&it, NULL, &x); i++)
		worst =
		    fmax(worst, fabs(json_double(x, 1e9) - (double)logits[i]));
	return worst;
}

static void
replay(struct model *m, struct json_val root)
{
	struct json_iter ids = json_each(json_get(root, "ids"));
	struct json_iter nlls = json_each(json_get(root, "nll_per_step"));
	uint32_t vocab = model_config(m)->vocab, id, next;
	float *logits = malloc(vocab * sizeof(*logits));
	double worst = 0, worst_nll = 0, want;
	struct json_val x;
	struct sampler s;
	size_t same = 0, i;
	struct err e;

	sampler_open(&s, &(struct sampling){ .top_p = 1 }, vocab, &e);
	json_next(&ids, NULL, &x);
	id = (uint32_t)json_u64(x, 0);
	for (i = 0; json_next(&ids, NULL, &x); i++) {
		if (model_feed(m, &id, 1, logits, &e) < 0)
			break;
		next = (uint32_t)json_u64(x, 0);
		worst = fmax(
		    worst, compare_logits(json_get(root, "logits"), i, logits));
		same += sampler_pick(&s, logits, i) == next;
		json_next(&nlls, NULL, &x);
		want = json_double(x, 1e9);
		worst_nll =
		    fmax(worst_nll, fabs(nll(logits, vocab, next) - want));
		id = next;
	}
	OK(i > 100 && same == i, "greedy: %zu of %zu ids", same, i);
	OK(worst_nll < 1e-4, "losses differ by %.1e at most", worst_nll);
	OK(worst < 1e-4, "logits differ by %.1e at most", worst);
	sampler_close(&s);
	free(logits);
}

int
main(void)
{
	const char *shared = getenv("QUERN_SHARED");
	char bin[256], ref[256], command[300];
	struct err e = { 0 };
	struct model *m;
	struct json *j;
	char *text;
	size_t n;

	shared = shared ? shared : "../shared";
	snprintf(
	    bin, sizeof(bin), "%s/data/models/stories260K.bin.zst", shared);
	snprintf(ref, sizeof(ref),
	    "%s/data/models/stories260K.reference.json.zst", shared);
	if (access(bin, R_OK) < 0) {
		puts("1..0 # SKIP needs stories260K.bin.zst");
		return 0;
	}
	if (!mkdtemp(top) || in_slurp(ref, &text, &n, &e) < 0 ||
	    json_parse(&j, text, n, &e) < 0)
		return 1;
	if (OK(convert(bin, &e) == 0, "converted %s", e.msg) &&
	    OK(model_open(&m, top, ops_cpu(2), 0, &e) == 0, "loaded %s",
		e.msg)) {
		replay(m, json_root(j));
		model_close(m);
	}
	json_free(j);
	free(text);
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command) | tap_end();
}

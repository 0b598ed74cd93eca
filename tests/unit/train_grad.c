/* SPDX-License-Identifier: MIT */
/*
 * The gradients of a whole small model.  In double, through the program that
 * training uses: against central finite differences.  Then the processor's in
 * float against those.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"
#include "train/net.h"
#include "train/philox.h"

enum { ROWS = 2, SEQ = 9 };

static const struct model_config untied = { .vocab = 19,
	.dim = 8,
	.hidden = 12,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 4,
	.max_seq = 16,
	.eps = 1e-5,
	.theta = 100,
	.init_std = .3,
	.bos = -1,
	.eos = -1 };

static struct rows marks; /* of test_model(): all but the tokens */
static double extra;      /* its label smoothing; a tenth: z-loss */

static void
fill_rows(uint32_t *rows, size_t n, uint32_t vocab)
{
	size_t i;

	for (i = 0; i < n; i++)
		rows[i] = (uint32_t)(philox_uniform(5, 5, i) * vocab);
}

/* Norm weights of 1 hide mistakes: move them. */
static void
unsettle(struct net *n)
{
	struct err e;
	size_t i;

	for (i = 0; i < n->p->params.n; i++) {
		const struct param *p = &n->p->params.v[i];
		float *w = malloc(p->n * sizeof(*w));

		philox_normal(w, p->n, p->std > 0 ? p->std : .5, 11, i, 0);
		net_put(n->ops, n->params, p->at, w, p->n, &e);
		free(w);
	}
}

static double
loss_of(struct net *n, const struct rows *rows)
{
	double loss = 0;
	struct err e;

	/* The loss that is trained on; adds nothing to the gradients. */
	if (extra > 0)
		return net_train(n, rows, ROWS, SEQ, 0, &loss, &e) < 0 ? NAN
								       : loss;
	return net_loss(n, rows, ROWS, SEQ, &loss, &e) < 0 ? NAN : loss;
}

/* Central difference of order four: the error is O(h^4). */
static double
difference(struct net *n, const struct rows *rows, double *w)
{
	const double h = 2e-4;
	double keep = *w, f[4];
	int i;

	for (i = 0; i < 4; i++) {
		*w = keep + h * (double[]){ -2, -1, 1, 2 }[i];
		f[i] = loss_of(n, rows);
	}
	*w = keep;
	return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

/* Of every parameter tensor: |analytic - numeric| / |numeric|. */
static double
worst_error(struct net *n, const struct rows *rows, const double *grads)
{
	double *w = n->params, diff, norm, num, worst = 0;
	size_t i, j;

	for (i = 0; i < n->p->params.n; i++) {
		const struct param *p = &n->p->params.v[i];

		diff = norm = 0;
		for (j = p->at; j < p->at + p->n; j++) {
			num = difference(n, rows, w + j);
			diff += (num - grads[j]) * (num - grads[j]);
			norm += num * num;
		}
		if (!(sqrt(diff / norm) <= worst))
			worst = sqrt(diff / norm);
	}
	return worst;
}

/* The embedding's gradient is scaled, all others are as they were. */
static void
test_embed_grad(const struct model_config *c)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	struct rows rows = marks;
	struct program p;
	struct net n, f;
	struct err e;
	double loss = 0, want;
	bool same = true;
	size_t i, end;

	fill_rows(tokens, ROWS * (SEQ + 1), c->vocab);
	rows.tokens = tokens;
	if (!OK(program_build(&p, c, ROWS * SEQ, true, &e) == 0 &&
		    net_open(&n, &p, ops_ref(), &e) == 0 &&
		    net_open(&f, &p, ops_ref(), &e) == 0,
		"set up"))
		return;
	unsettle(&n);
	unsettle(&f);
	f.embed_grad = .25;
	net_train(&n, &rows, ROWS, SEQ, 1, &loss, &e);
	net_train(&f, &rows, ROWS, SEQ, 1, &loss, &e);
	end = p.params.embedding + (size_t)c->vocab * c->dim;
	for (i = 0; i < p.params.size; i++) {
		want = ((double *)n.grads)[i];
		if (i >= p.params.embedding && i < end)
			want *= .25;
		same = same && fabs(((double *)f.grads)[i] - want) <=
				   1e-12 * fabs(want);
	}
	OK(same, "the embedding's gradient is a quarter, the rest the same");
	net_close(&n);
	net_close(&f);
	program_free(&p);
}

static void
test_model(const char *what, const struct model_config *c)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	struct rows rows = marks;
	struct program p;
	struct net n, f;
	struct err e;
	double loss = 0, floss = 0, diff = 0, norm = 0, worst;
	size_t i;

	fill_rows(tokens, ROWS * (SEQ + 1), c->vocab);
	rows.tokens = tokens;
	if (!OK(program_build(&p, c, ROWS * SEQ, true, &e) == 0 &&
		    net_open(&n, &p, ops_ref(), &e) == 0 &&
		    net_open(&f, &p, ops_cpu(2), &e) == 0,
		"%s: set up", what))
		return;
	unsettle(&n);
	unsettle(&f);
	n.smoothing = f.smoothing = extra;
	n.z = f.z = extra / 10;
	net_train(&n, &rows, ROWS, SEQ, 1, &loss, &e);
	worst = worst_error(&n, &rows, n.grads);
	/* Of a key bias little is left: differences lose more digits. */
	OK(worst <= 1e-7,
	    "%s: gradients match finite differences in double, worst tensor "
	    "%.1e",
	    what, worst);
	net_train(&f, &rows, ROWS, SEQ, 1, &floss, &e);
	OK(fabs(floss - loss) <= 1e-6 * loss, "%s: loss in float %.7f, %.7f",
	    what, floss, loss);
	for (i = 0; i < p.params.size; i++) {
		double g = ((double *)n.grads)[i];

		diff += pow((double)((float *)f.grads)[i] - g, 2);
		norm += g * g;
	}
	OK(diff / norm <= 1e-11, "%s: gradients in float, NMSE %.1e", what,
	    diff / norm);
	net_close(&n);
	net_close(&f);
	program_free(&p);
}

/* Two micro-batches give the gradients of the whole. */
static void
test_accumulation(void)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	const struct rows rows = { .tokens = tokens };
	const struct rows second = { .tokens = tokens + SEQ + 1 };
	double whole = 0, parts = 0, diff = 0, norm = 0;
	struct program p;
	struct net a, b;
	struct err e;
	size_t i;

	fill_rows(tokens, ROWS * (SEQ + 1), untied.vocab);
	program_build(&p, &untied, ROWS * SEQ, true, &e);
	net_open(&a, &p, ops_ref(), &e);
	net_open(&b, &p, ops_ref(), &e);
	unsettle(&a);
	unsettle(&b);
	net_train(&a, &rows, 2, SEQ, .5, &whole, &e);
	net_train(&b, &rows, 1, SEQ, .5, &parts, &e);
	net_train(&b, &second, 1, SEQ, .5, &parts, &e);
	for (i = 0; i < p.params.size; i++) {
		diff += pow(((double *)a.grads)[i] - ((double *)b.grads)[i], 2);
		norm += pow(((double *)a.grads)[i], 2);
	}
	OK(fabs(whole - parts) < 1e-9 && diff <= 1e-24 * norm,
	    "two micro-batches add up to the batch");
	net_close(&a);
	net_close(&b);
	program_free(&p);
}

/* Tensors alive at the same time don't overlap, and the plan saves memory. */
static void
test_plan(void)
{
	struct program p;
	struct err e;
	size_t i, j, sum = 0, clash = 0, end;

	program_build(&p, &untied, ROWS * SEQ, true, &e);
	for (i = 0; i < p.tensors; i++) {
		const struct tensor *a = &p.tensor[i];

		end = a->at + p.tokens * a->width;
		sum += a->first < 0 ? 0 : p.tokens * a->width;
		clash += a->first >= 0 && end > p.arena;
		for (j = 0; j < i; j++) {
			const struct tensor *b = &p.tensor[j];

			clash += a->first >= 0 && b->first >= 0 &&
				 a->first <= b->last && b->first <= a->last &&
				 a->at < b->at + p.tokens * b->width &&
				 b->at < end;
		}
	}
	OK(clash == 0, "no two living tensors overlap");
	OK(p.arena < sum * 3 / 4, "activations take %zu of %zu elements",
	    p.arena, sum);
	program_free(&p);
}

/* Step by step with kept keys and values: the logits of the whole pass. */
static void
test_cache(const char *what, const struct model_config *config)
{
	enum { N = 13 };
	uint32_t row[N];
	float whole[N * 19], step[19];
	const uint32_t cut[] = { 0, 5, 6, 7, 12, N };
	struct program p;
	struct cache c;
	struct net n;
	struct err e;
	double worst = 0;
	size_t i, j;

	fill_rows(row, N, untied.vocab);
	program_build(&p, config, N, false, &e);
	net_open(&n, &p, ops_cpu(2), &e);
	unsettle(&n);
	net_logits(&n, &(struct rows){ .tokens = row }, 1, N, whole, &e);
	cache_open(&c, &n, 16, &e);
	for (i = 0; i + 1 < sizeof(cut) / sizeof(*cut); i++) {
		net_step(&n, &c, row + cut[i], cut[i + 1] - cut[i], step, &e);
		for (j = 0; j < 19; j++)
			worst = fmax(worst,
			    fabs((double)(step[j] -
					  whole[(cut[i + 1] - 1) * 19 + j])));
	}
	OK(worst < 2e-5, "%s: cached logits equal the whole pass's, worst %.1e",
	    what, worst);
	OK(net_step(&n, &c, row, 5, step, &e) == ERR_ARG,
	    "past the last position: %s", e.msg);
	row[0] = 19;
	OK(net_logits(&n, &(struct rows){ .tokens = row }, 1, 2, whole, &e) ==
		ERR_FORMAT,
	    "a token beyond the vocabulary: %s", e.msg);
	cache_close(&c);
	net_close(&n);
	program_free(&p);
}

static void
test_philox(void)
{
	struct philox zero =
	    philox_block((struct philox){ { 0 } }, (uint32_t[2]){ 0, 0 });
	struct philox pi = philox_block(
	    (struct philox){
		{ 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 } },
	    (uint32_t[2]){ 0xa4093822, 0x299f31d0 });

	OK(zero.v[0] == 0x6627e8d5 && zero.v[1] == 0xe169c58d &&
		zero.v[2] == 0xbc57ac4c && zero.v[3] == 0x9b00dbd8,
	    "philox: the vector of zeros");
	OK(pi.v[0] == 0xd16cfe09 && pi.v[1] == 0x94fdcceb &&
		pi.v[2] == 0x5001e420 && pi.v[3] == 0x24126ea1,
	    "philox: the vector of pi");
}

/* Families and options, each in a model of its own. */
static void
test_families(void)
{
	struct model_config c = untied;

	config_family(&c, FAMILY_GPT2);
	c.act = ACT_GELU_TANH;
	c.tied = true;
	c.kv_heads = 4;
	c.head_dim = 2;
	test_model("gpt2", &c);
	c.tied = false;
	c.act = ACT_RELU2;
	test_model("gpt2, relu2, untied", &c);
	c.act = ACT_GELU;
	test_model("gpt2, gelu", &c);
	c = untied;
	config_family(&c, FAMILY_QWEN3);
	test_model("qwen3", &c);
	c = untied;
	config_family(&c, FAMILY_QWEN2);
	test_model("qwen2", &c);
	c = untied;
	config_family(&c, FAMILY_MISTRAL);
	c.window = 4;
	test_model("mistral, window 4", &c);
	c = untied;
	c.qkv_bias = c.out_bias = c.mlp_bias = true;
	c.act = ACT_GELU_TANH;
	test_model("llama, geglu, biases", &c);
	c.act = ACT_RELU2;
	marks.first =
	    (int32_t[]){ 0, 0, 0, 3, 3, 5, 6, 6, 6, 0, 1, 1, 1, 1, 1, 1, 1, 8 };
	test_model("llama, reglu^2, documents", &c);
	marks.last =
	    (int32_t[]){ 2, 2, 2, 3, 4, 5, 7, 7, 8, 0, 4, 4, 4, 4, 5, 6, 7, 8 };
	marks.loss =
	    (uint8_t[]){ 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1 };
	test_model("llama, prefixes in documents, masked", &c);
	c = untied;
	config_family(&c, FAMILY_GPT2);
	c.kv_heads = 4;
	c.head_dim = 2;
	extra = .2;
	test_model("gpt2, prefixes in documents, masked, smoothed", &c);
	marks.first = NULL;
	marks.loss = NULL;
	marks.last =
	    (int32_t[]){ 4, 4, 4, 4, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	test_model("gpt2, prefix", &c);
	marks = (struct rows){ 0 };
	extra = .2;
	test_model("label smoothing, z-loss", &untied);
	test_embed_grad(&untied);
	extra = 0;
}

/* A document in front changes nothing in one behind it, not even a bit. */
static void
test_documents(enum model_family family)
{
	enum { N = 14, V = 19 };
	uint32_t row[2][N];
	int32_t first[N];
	float out[2][N * V];
	struct model_config c = untied;
	struct program p;
	struct net n;
	struct err e;
	size_t i, k;

	config_family(&c, family);
	if (family == FAMILY_GPT2)
		c.kv_heads = c.heads;
	fill_rows(row[0], N, V);
	memcpy(row[1], row[0], sizeof(row[0]));
	for (i = 0; i < N; i++)
		first[i] = i < 7 ? 0 : 7;
	for (i = 0; i < 7; i++)
		row[1][i] = 18 - row[0][i];
	program_build(&p, &c, N, false, &e);
	net_open(&n, &p, ops_cpu(2), &e);
	unsettle(&n);
	for (k = 0; k < 2; k++) {
		net_logits(&n,
		    &(struct rows){
			.tokens = row[0], .first = k ? NULL : first },
		    1, N, out[0], &e);
		net_logits(&n,
		    &(struct rows){
			.tokens = row[1], .first = k ? NULL : first },
		    1, N, out[1], &e);
		OK((memcmp(out[0] + 7 * V, out[1] + 7 * V,
			(N - 7) * V * sizeof(float)) == 0) == (k == 0),
		    "%s: an edited document %s the next one's logits",
		    family_name(family), k ? "unmasked changes" : "leaves");
	}
	net_close(&n);
	program_free(&p);
}

int
main(void)
{
	struct model_config c = untied;

	test_philox();
	test_plan();
	test_model("untied", &untied);
	c.tied = true;
	c.kv_heads = 4;
	test_model("tied", &c);
	test_families();
	test_documents(FAMILY_LLAMA);
	test_documents(FAMILY_GPT2);
	test_accumulation();
	test_cache("llama", &untied);
	c = untied;
	config_family(&c, FAMILY_MISTRAL);
	c.window = 4;
	test_cache("mistral", &c);
	c = untied;
	config_family(&c, FAMILY_QWEN3);
	test_cache("qwen3", &c);
	config_family(&c, FAMILY_GPT2);
	c.kv_heads = c.heads;
	test_cache("gpt2", &c);
	return tap_end();
}

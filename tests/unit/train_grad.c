/* SPDX-License-Identifier: MIT */
/*
 * The gradients of a whole small model.  In double, through the program that
 * training uses: against central finite differences.  Then the processor's in
 * float against those.
 */
#include "small_model.h"

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
	test_documents("llama", &untied);
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
	test_documents("gpt2", &c);
	return tap_end();
}

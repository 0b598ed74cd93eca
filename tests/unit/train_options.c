/* SPDX-License-Identifier: MIT */
/*
 * Every kind of position and place of norms, dropout and recomputing: gradients
 * against finite differences in double, the processor's against those, kept
 * keys and values against the whole pass, documents apart to the bit.
 */
#include "small_model.h"

static struct model_config
ours(enum position_kind position, enum norm_place norms)
{
	struct model_config c = untied;

	config_family(&c, FAMILY_QUERN);
	c.position = position;
	c.norms = norms;
	c.xpos_base = 6;
	if (position == POSITION_T5) {
		c.buckets = 6;
		c.distance = 9;
	}
	return c;
}

static struct model_config
family(enum model_family f)
{
	struct model_config c = untied;

	config_family(&c, f);
	c.kv_heads = c.heads;
	c.act = ACT_GELU_TANH;
	return c;
}

static void
all_of(const char *what, const struct model_config *c)
{
	test_model(what, c);
	test_cache(what, c);
	test_documents(what, c);
}

static void
test_positions(void)
{
	struct model_config c = ours(POSITION_ALIBI, NORM_PRE);

	all_of("ALiBi", &c);
	c.heads = c.kv_heads = 6; /* no power of two */
	c.window = 4;
	all_of("ALiBi, 6 heads, window", &c);
	c = ours(POSITION_T5, NORM_PRE);
	all_of("T5", &c);
	c.window = 5;
	c.unscaled = true;
	all_of("T5, window, unscaled", &c);
	c = ours(POSITION_XPOS, NORM_PRE);
	all_of("xPos", &c);
	c = ours(POSITION_SINUSOIDAL, NORM_PRE);
	c.embed_scale = true;
	all_of("sinusoidal, scaled embeddings", &c);
	c = ours(POSITION_NONE, NORM_PRE);
	c.tied = true;
	all_of("no positions", &c);
	c = ours(POSITION_ROPE, NORM_PRE);
	c.rotary = 2;
	c.scaling = (struct rope_scaling){ SCALING_YARN, 4, 1, 32, 8, 1.1, 1 };
	all_of("part of a head turns, YaRN", &c);
}

/* What lies ahead is near too. */
static void
test_prefixes(void)
{
	struct model_config c = ours(POSITION_ALIBI, NORM_PRE);

	marks.first =
	    (int32_t[]){ 0, 0, 0, 3, 3, 5, 6, 6, 6, 0, 1, 1, 1, 1, 1, 1, 1, 8 };
	marks.last =
	    (int32_t[]){ 2, 2, 2, 3, 4, 5, 7, 7, 8, 0, 4, 4, 4, 4, 5, 6, 7, 8 };
	test_model("ALiBi, prefixes in documents", &c);
	c = ours(POSITION_T5, NORM_PRE);
	test_model("T5, prefixes in documents", &c);
	c = ours(POSITION_SINUSOIDAL, NORM_PRE);
	test_model("sinusoidal, prefixes in documents", &c);
	marks = (struct rows){ 0 };
}

static void
test_norms(void)
{
	struct model_config c = ours(POSITION_LEARNED, NORM_POST);

	/* Without a key bias, whose gradient is 0 here but for rounding. */
	c.layer_norm = c.plain_mlp = c.out_bias = c.mlp_bias = true;
	all_of("post-norm, learned", &c);
	c = ours(POSITION_ROPE, NORM_SANDWICH);
	c.qk_norm = true;
	all_of("sandwich, norms of heads", &c);
	c = ours(POSITION_T5, NORM_DEEP);
	c.layer_norm = c.embed_norm = true;
	all_of("DeepNorm, T5, a norm of embeddings", &c);
}

static void
test_more_families(void)
{
	struct model_config c = family(FAMILY_BLOOM);

	c.tied = true;
	all_of("bloom", &c);
	c = family(FAMILY_NEOX);
	c.rotary = 2;
	all_of("gpt_neox", &c);
	c.parallel = false;
	test_model("gpt_neox, one after the other", &c);
}

static void
test_dropout(void)
{
	struct model_config c = ours(POSITION_T5, NORM_SANDWICH);

	drops = (struct net_dropout){ .2, .3, .25, 5, 11, 4 };
	test_model("dropout", &c);
	c = family(FAMILY_GPT2);
	marks.first =
	    (int32_t[]){ 0, 0, 0, 3, 3, 5, 6, 6, 6, 0, 1, 1, 1, 1, 1, 1, 1, 8 };
	test_model("dropout, documents", &c);
	marks = (struct rows){ 0 };
	drops = (struct net_dropout){ 0 };
}

/* The gradients of one step in so many parts, of so many threads. */
static double *
step_grads(const struct model_config *c, const struct ops *ops, unsigned flags,
    int parts, struct program *p)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	struct rows rows = { .tokens = tokens };
	double loss = 0, *out;
	struct net n;
	struct err e;
	int i;

	fill_rows(tokens, ROWS * (SEQ + 1), c->vocab);
	if (program_build(p, c, ROWS * SEQ, PROGRAM_BACKWARD | flags, &e) < 0 ||
	    net_open(&n, p, ops, &e) < 0)
		return NULL;
	unsettle(&n);
	n.dropout = (struct net_dropout){ .2, .3, .25, 5, 11, 0 };
	for (i = 0; i < parts; i++) {
		n.dropout.row = (uint32_t)(ROWS / parts * i);
		rows.tokens = tokens + n.dropout.row * (SEQ + 1);
		net_train(
		    &n, &rows, (uint32_t)(ROWS / parts), SEQ, 1, &loss, &e);
	}
	out = malloc(p->params.size * ops->real);
	memcpy(out, n.grads, p->params.size * ops->real);
	net_close(&n);
	return out;
}

static void
test_layout(void)
{
	struct model_config c = ours(POSITION_T5, NORM_DEEP);
	struct program p, q;
	double *one = step_grads(&c, ops_ref(), 0, 1, &p), diff = 0, norm = 0;
	double *two = step_grads(&c, ops_ref(), 0, 2, &q);
	size_t i;

	for (i = 0; i < p.params.size; i++) {
		diff += (one[i] - two[i]) * (one[i] - two[i]);
		norm += one[i] * one[i];
	}
	OK(norm > 0 && diff <= 1e-24 * norm,
	    "dropout: two micro-batches draw what the whole does");
	free(one);
	free(two);
	program_free(&p);
	program_free(&q);
}

/* Whatever isn't kept, and on any number of threads: the same bits. */
static void
test_recompute(const char *what, const struct model_config *c)
{
	const char *const names[] = { "", "norm", "act", "qkv", "attention",
		"up", "layer", "norm,act", "norm,act,qkv,attention,up" };
	struct program p, q;
	double *want = step_grads(c, ops_cpu(2), 0, 1, &p), *got;
	size_t i, size = p.params.size * sizeof(float);
	unsigned flags;
	struct err e;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		flags = 0;
		program_recompute(&flags, names[i], &e);
		got =
		    step_grads(c, ops_cpu((int)(1 + i * 3 % 7)), flags, 1, &q);
		OK(got && memcmp(got, want, size) == 0 && q.arena <= q.whole &&
			q.whole == p.arena,
		    "%s: recomputing \"%s\" gives the same bits, %zu of %zu "
		    "elements",
		    what, names[i], q.arena, q.whole);
		if (flags & RECOMPUTE_LAYER)
			OK(q.arena < q.whole, "it saves memory");
		free(got);
		program_free(&q);
	}
	free(want);
	program_free(&p);
	OK(program_recompute(&flags, "norm,mlp", &e) == ERR_ARG,
	    "what isn't known: %s", e.msg);
}

/* Not a draw in a validation. */
static void
test_evaluation(void)
{
	struct model_config c = ours(POSITION_ROPE, NORM_PRE);
	uint32_t tokens[ROWS * (SEQ + 1)];
	const struct rows rows = { .tokens = tokens };
	double with = 0, without = 0, train = 0;
	struct program p;
	struct net n;
	struct err e;

	fill_rows(tokens, ROWS * (SEQ + 1), c.vocab);
	program_build(&p, &c, ROWS * SEQ, PROGRAM_BACKWARD, &e);
	net_open(&n, &p, ops_cpu(1), &e);
	unsettle(&n);
	net_loss(&n, &rows, ROWS, SEQ, &without, &e);
	n.dropout = (struct net_dropout){ .2, .3, .25, 5, 11, 0 };
	net_loss(&n, &rows, ROWS, SEQ, &with, &e);
	net_train(&n, &rows, ROWS, SEQ, 1, &train, &e);
	OK(with == without && train != without,
	    "dropout is off when the loss is only measured");
	net_close(&n);
	program_free(&p);
}

int
main(void)
{
	struct model_config c = ours(POSITION_T5, NORM_SANDWICH);

	stride = 3; /* odd: all channels in turn */
	test_positions();
	test_prefixes();
	test_norms();
	test_more_families();
	test_dropout();
	test_layout();
	test_evaluation();
	c.qk_norm = c.layer_norm = true;
	test_recompute("sandwich, T5", &c);
	c = ours(POSITION_ROPE, NORM_DEEP);
	test_recompute("DeepNorm", &c);
	c = family(FAMILY_NEOX);
	test_recompute("side by side", &c);
	c = family(FAMILY_GPT2);
	test_recompute("gpt2", &c);
	return tap_end();
}

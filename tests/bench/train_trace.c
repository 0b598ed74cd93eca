/* SPDX-License-Identifier: MIT */
/*
 * What a Hugging Face folder's model computes here, for tests/parity/train.py
 *to hold against another implementation:
 *
 *	train_trace DIR TOKENS ROWS SEQ STEPS DTYPE OUT OPTIMISER
 *
 * TOKENS: uint32, STEPS batches of ROWS rows of SEQ + 1.  In the folder OUT:
 * logits.f32 of the first batch, its gradients as grads.safetensors, and the
 * weights after a step on each batch as weights.safetensors.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "io/stream.h"
#include "train/net.h"
#include "train/optimiser.h"
#include "train/weights.h"

/* Steps of tests/parity/train.py; norms and biases don't decay. */
static const struct {
	const char *name;
	double lr;
	struct optimiser_options o;
} known[] = {
	{ "adamw", 1e-3,
	    { .kind = OPTIMISER_ADAMW,
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1 } },
	{ "adafactor", 1e-3,
	    { .kind = OPTIMISER_ADAFACTOR,
		.momentum = .9,
		.decay_rate = .8,
		.limit = 1,
		.decay = .1 } },
	{ "adafactor-rms", 1e-2,
	    { .kind = OPTIMISER_ADAFACTOR,
		.decay_rate = .8,
		.limit = 1,
		.by_rms = true } },
};
enum { KNOWN = sizeof(known) / sizeof(*known) };
static const double clip = 1;

struct trace {
	const char *dir, *tokens_file, *out;
	uint64_t rows, seq, steps;
	enum ops_type type;
	size_t how; /* of known */
	struct program p;
	struct net n;
	struct optimiser opt;
	char *tokens;
	float *logits;
};

static struct rows
batch(const struct trace *t, uint64_t step)
{
	size_t size = (size_t)(t->rows * (t->seq + 1)) * sizeof(uint32_t);

	return (struct rows){ .tokens = (uint32_t *)(void *)(t->tokens +
							     step * size) };
}

static int
load(struct trace *t, struct err *e)
{
	struct model_config c;
	char path[PATH_MAX];
	size_t n;

	snprintf(path, sizeof(path), "%s/config.json", t->dir);
	if (config_load(&c, path, e) < 0 ||
	    in_slurp(t->tokens_file, &t->tokens, &n, e) < 0)
		return e->code;
	if (n != t->steps * t->rows * (t->seq + 1) * sizeof(uint32_t))
		return err_set(
		    e, ERR_FORMAT, "%s has %zu bytes", t->tokens_file, n);
	t->logits =
	    malloc((size_t)(t->rows * t->seq) * c.vocab * sizeof(*t->logits));
	if (!t->logits)
		return err_nomem(e, "logits");
	if (program_build(&t->p, &c, (size_t)(t->rows * t->seq), true, e) < 0 ||
	    optimiser_plan(&known[t->how].o, &t->p, e) < 0 ||
	    net_open(&t->n, &t->p, ops_cpu_typed(0, t->type), e) < 0 ||
	    weights_load_folder(&t->n, t->dir, e) < 0)
		return e->code;
	return optimiser_open(&t->opt, &known[t->how].o, &t->n, e);
}

static int
gradients(struct trace *t, uint64_t step, double *norm, struct err *e)
{
	const struct rows rows = batch(t, step);
	double loss = 0, count = (double)(t->rows * t->seq);

	net_zero_grads(&t->n);
	if (net_train(&t->n, &rows, (uint32_t)t->rows, (uint32_t)t->seq,
		1 / count, &loss, e) < 0 ||
	    net_grad_norm(&t->n, norm, e) < 0)
		return e->code;
	printf("step %llu: loss %.7f, gradient %.7f\n",
	    (unsigned long long)step + 1, loss / count, *norm);
	return 0;
}

static int
write_arena(const struct trace *t, const char *name, void *arena, struct err *e)
{
	const struct weights_part part = {
		.prefix = "", .arena = arena, .of = &t->p.params
	};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", t->out, name);
	return weights_save(&t->n, path, &part, 1, NULL, e);
}

/* Rows of SEQ, without their last targets. */
static int
write_logits(struct trace *t, struct err *e)
{
	size_t n = (size_t)(t->rows * t->seq), i;
	uint32_t *tokens = malloc(n * sizeof(*tokens));
	struct rows rows = { .tokens = tokens };
	char path[PATH_MAX];
	int rc = tokens ? 0 : err_nomem(e, "tokens");

	for (i = 0; rc == 0 && i < n; i++)
		tokens[i] =
		    batch(t, 0).tokens[i / t->seq * (t->seq + 1) + i % t->seq];
	if (rc == 0)
		rc = net_logits(&t->n, &rows, (uint32_t)t->rows,
		    (uint32_t)t->seq, t->logits, e);
	snprintf(path, sizeof(path), "%s/logits.f32", t->out);
	if (rc == 0)
		rc = out_whole(path, (char *)(void *)t->logits,
		    n * t->p.config.vocab * sizeof(*t->logits), e);
	free(tokens);
	return rc;
}

static int
trace(struct trace *t, struct err *e)
{
	double norm;
	uint64_t i;

	if (load(t, e) < 0 || write_logits(t, e) < 0)
		return e->code;
	for (i = 0; i < t->steps; i++) {
		if (gradients(t, i, &norm, e) < 0)
			return e->code;
		if (i == 0 &&
		    write_arena(t, "grads.safetensors", t->n.grads, e) < 0)
			return e->code;
		if (optimiser_step(&t->opt, i, known[t->how].lr,
			norm > clip ? clip / norm : 1, e) < 0)
			return e->code;
	}
	return write_arena(t, "weights.safetensors", t->n.params, e);
}

int
main(int argc, char **argv)
{
	struct trace t = { 0 };
	struct err e = { 0 };
	int rc;

	if (argc != 9) {
		puts("train_trace: tests/parity/train.py runs it");
		return 0;
	}
	t.dir = argv[1];
	t.tokens_file = argv[2];
	t.out = argv[7];
	while (t.how + 1 < KNOWN && strcmp(known[t.how].name, argv[8]) != 0)
		t.how++;
	rc = num_u64(argv[3], &t.rows, &e) < 0 ||
		     num_u64(argv[4], &t.seq, &e) < 0 ||
		     num_u64(argv[5], &t.steps, &e) < 0 ||
		     ops_type(&t.type, argv[6], &e) < 0
		 ? e.code
		 : trace(&t, &e);
	if (rc < 0)
		fprintf(stderr, "train_trace: %s\n", e.msg);
	optimiser_close(&t.opt);
	net_close(&t.n);
	program_free(&t.p);
	free(t.tokens);
	free(t.logits);
	return rc < 0;
}

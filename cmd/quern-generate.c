/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "io/stream.h"
#include "tokenizer/tokenizer.h"
#include "train/model.h"
#include "train/sample.h"
#include "train/textout.h"

static struct opt_common common;
static struct {
	const char *model, *prompt, *tokenizer, *device, *dtype;
	uint64_t max_tokens;
	double temperature, top_p;
	int top_k;
	bool echo;
} given = { .prompt = "",
	.device = "auto",
	.dtype = "f32",
	.max_tokens = 100,
	.temperature = .8,
	.top_p = .95,
	.echo = true };

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &given.model, "DIR",
	    "a checkpoint or a Hugging Face folder", NULL },
	{ "prompt", 0, OPT_STR, &given.prompt, "TEXT", "text to continue",
	    NULL },
	{ "tokenizer", 0, OPT_STR, &given.tokenizer, "FILE",
	    "instead of the model's tokenizer.json", NULL },
	{ "max-tokens", 0, OPT_COUNT, &given.max_tokens, "N",
	    "tokens to add at most", NULL },
	{ "temperature", 0, OPT_DOUBLE, &given.temperature, "X",
	    "0 always takes the likeliest token, 1 draws as the model says",
	    NULL },
	{ "top-k", 0, OPT_INT, &given.top_k, "N",
	    "draw from the N likeliest tokens; 0: from all", NULL },
	{ "top-p", 0, OPT_DOUBLE, &given.top_p, "X",
	    "draw from the fewest tokens that have probability X together",
	    NULL },
	{ "echo", 0, OPT_FLAG, &given.echo, NULL,
	    "write the prompt too; --no-echo: don't", NULL },
	{ "device", 0, OPT_STR, &given.device, "DEVICE",
	    "where to compute; auto is the processor", "auto,cpu,cuda" },
	{ "dtype", 0, OPT_STR, &given.dtype, "TYPE",
	    "what the factors of matrix products are rounded to",
	    "f32,bf16,fp16" },
	{ 0 },
};

static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

static const struct opt_cmd cmd = { .name = "generate",
	.args = "--model DIR",
	.summary = "continue a text with a trained model",
	.example = "quern generate --model model/last --prompt 'The mill'",
	.opts = opts,
	.common = common_opts };

struct generation {
	struct textcodec text;
	struct model *model;
	struct sampler sampler;
	float *logits;
	struct ids ids;     /* of the prompt */
	struct buf pending; /* bytes that are no code point yet */
	struct buf ready;
	struct buf kept; /* for --output, which is whole or absent */
	uint64_t made;   /* tokens */
};

/* Hand on what is ready; text appears on stdout as it is made. */
static int
emit(struct generation *g, struct err *e)
{
	if (common.out)
		buf_str(&g->kept, buf_view(&g->ready));
	else if (g->ready.n &&
		 (fwrite(g->ready.p, 1, g->ready.n, stdout) != g->ready.n ||
		     fflush(stdout) != 0))
		return err_errno(e, "stdout", "write to it");
	buf_clear(&g->ready);
	return 0;
}

static int
encode_prompt(struct generation *g, struct err *e)
{
	const struct model_config *c = model_config(g->model);
	int64_t first = c->bos >= 0 ? c->bos : g->text.end_text;
	void *scratch;
	int rc;

	if (*given.prompt) {
		scratch = g->text.worker_new(g->text.ctx, e);
		if (!scratch)
			return e->code;
		rc = g->text.encode(
		    g->text.ctx, scratch, str_c(given.prompt), &g->ids, e);
		g->text.worker_free(scratch);
		return rc;
	}
	if (first < 0)
		return err_set(e, ERR_ARG,
		    "--prompt is empty, and the model has no token that "
		    "begins a text");
	if (ids_reserve(&g->ids, 1, e) < 0)
		return e->code;
	g->ids.v[g->ids.n++] = (uint32_t)first;
	return 0;
}

static int
open_all(struct generation *g, struct err *e)
{
	const struct sampling s = { .temperature = given.temperature,
		.top_k = (uint32_t)given.top_k,
		.top_p = given.top_p,
		.seed = common.seed };
	const struct ops *ops =
	    ops_open(given.device, given.dtype, common.threads, e);
	char path[PATH_MAX];
	uint32_t vocab;

	if (!ops)
		return e->code;
	snprintf(path, sizeof(path), "%s/tokenizer.json", given.model);
	if (model_open(&g->model, given.model, ops, 0, e) < 0 ||
	    tokenizer_open(
		&g->text, given.tokenizer ? given.tokenizer : path, e) < 0)
		return e->code;
	vocab = model_config(g->model)->vocab;
	g->logits = calloc(vocab, sizeof(*g->logits));
	if (!g->logits)
		return err_set(e, ERR_NOMEM, "out of memory");
	/* A model may have more rows than the tokenizer has tokens. */
	if (g->text.vocab < vocab)
		vocab = g->text.vocab;
	if (sampler_open(&g->sampler, &s, vocab, e) < 0)
		return e->code;
	return encode_prompt(g, e);
}

/* 1 if the token ends the text. */
static int
add_token(struct generation *g, uint32_t id, struct err *e)
{
	if ((int64_t)id == g->text.end_text ||
	    (int64_t)id == model_config(g->model)->eos)
		return 1;
	g->made++;
	if (g->text.decode(g->text.ctx, &id, 1, &g->pending, e) < 0)
		return e->code;
	textout(&g->pending, &g->ready, false);
	return emit(g, e);
}

static int
generate(struct generation *g, struct err *e)
{
	const uint32_t *next = g->ids.v;
	size_t n = g->ids.n;
	uint64_t made;
	uint32_t id;
	int rc = 0;

	if (n > model_room(g->model))
		return err_set(e, ERR_ARG,
		    "the prompt has %zu tokens, the model only %u positions", n,
		    model_room(g->model));
	if (given.echo)
		buf_puts(&g->ready, given.prompt);
	if (emit(g, e) < 0)
		return e->code;
	for (made = 0; made < given.max_tokens && rc == 0; made++) {
		if (model_used(g->model) + n > model_room(g->model))
			break;
		if (model_feed(g->model, next, (uint32_t)n, g->logits, e) < 0)
			return e->code;
		id = sampler_pick(&g->sampler, g->logits, made);
		rc = add_token(g, id, e);
		next = &id;
		n = 1;
	}
	if (rc < 0)
		return rc;
	textout(&g->pending, &g->ready, true);
	buf_putc(&g->ready, '\n');
	return emit(g, e);
}

/* --output and --stats. */
static int
write_files(struct generation *g, struct err *e)
{
	struct run r;

	if (common.out &&
	    (buf_ok(&g->kept, e) < 0 ||
		out_whole(common.out, g->kept.p, g->kept.n, e) < 0))
		return e->code;
	if (run_open(&r, &cmd, &common, true, cmd_warn, e) < 0)
		return e->code;
	buf_printf(&r.extra, "\"prompt_tokens\":%zu,\"tokens\":%llu,", g->ids.n,
	    (unsigned long long)g->made);
	return run_close(&r, e);
}

static int
run(struct err *e)
{
	struct generation g = { 0 };
	int rc = open_all(&g, e);

	if (rc == 0)
		rc = generate(&g, e);
	if (rc == 0)
		rc = write_files(&g, e);
	if (g.text.close)
		g.text.close(g.text.ctx);
	model_close(g.model);
	sampler_close(&g.sampler);
	ids_free(&g.ids);
	buf_free(&g.pending);
	buf_free(&g.ready);
	buf_free(&g.kept);
	free(g.logits);
	return rc;
}

int
main(int argc, char **argv)
{
	struct err e;
	int rc;

	cmd_wait_asleep(argv);
	opt_common_init(&common);
	rc = cmd_begin(&cmd, argc, argv);
	if (rc > 0)
		rc = err_set(&e, ERR_ARG, "takes no operands; see --prompt");
	else if (!given.model)
		rc = err_set(&e, ERR_ARG, "--model is needed");
	else
		rc = run(&e);
	return cmd_end(&cmd, rc, &e);
}

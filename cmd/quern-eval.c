/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "cmd.h"
#include "io/stream.h"
#include "io/textcodec.h"
#include "mix/mix.h"
#include "tokenizer/tokenizer.h"
#include "train/eval.h"
#include "train/model.h"

static struct opt_common common;
static struct {
	const char *model, *recipe, *tokenizer, *device, *dtype;
} given = { .device = "auto", .dtype = "f32" };

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &given.model, "DIR",
	    "a checkpoint or a Hugging Face folder", NULL },
	{ "recipe", 0, OPT_STR, &given.recipe, "FILE",
	    "measure on the rows of a recipe, not on documents", NULL },
	{ "tokenizer", 0, OPT_STR, &given.tokenizer, "FILE",
	    "instead of the model's tokenizer.json", NULL },
	{ "device", 0, OPT_STR, &given.device, "DEVICE",
	    "where to compute; auto is the processor", "auto,cpu,cuda" },
	{ "dtype", 0, OPT_STR, &given.dtype, "TYPE",
	    "what the factors of matrix products are rounded to",
	    "f32,bf16,fp16" },
	{ 0 },
};

static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

static const struct opt_cmd cmd = { .name = "eval",
	.args = "--model DIR [FILE...]",
	.summary = "measure how well a model predicts documents or rows",
	.example = "quern eval --model model/last docs.jsonl >/dev/null",
	.opts = opts,
	.common = common_opts };

/* A model, and what its documents came to so far. */
struct judge {
	struct textcodec text;
	void *scratch;
	struct model *model;
	struct ids ids;
	double nats;
	uint64_t tokens, bytes, documents;
};

/* The document as training sees it: between two ends of a text. */
static int
encode(struct judge *j, struct str text, struct err *e)
{
	int64_t end = j->text.end_text;

	j->ids.n = 0;
	if (ids_reserve(&j->ids, 1, e) < 0)
		return e->code;
	if (end >= 0)
		j->ids.v[j->ids.n++] = (uint32_t)end;
	if (j->text.encode(j->text.ctx, j->scratch, text, &j->ids, e) < 0 ||
	    ids_reserve(&j->ids, 1, e) < 0)
		return e->code;
	if (end >= 0)
		j->ids.v[j->ids.n++] = (uint32_t)end;
	return 0;
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct judge *j = ctx;
	double nats = 0;
	uint64_t n;

	(void)worker;
	/* The number of threads is a thread's own: this isn't main()'s. */
	if (!ops_open(given.device, given.dtype, common.threads, e) ||
	    encode(j, d->text, e) < 0 ||
	    model_score(j->model, j->ids.v, j->ids.n, &nats, e) < 0)
		return e->code;
	n = j->ids.n ? j->ids.n - 1 : 0;
	j->nats += nats;
	j->tokens += n;
	j->bytes += d->text.n;
	j->documents++;
	doc_set_u64(d, "loss_tokens", n);
	if (n)
		doc_set_double(d, "loss", nats / (double)n);
	if (d->text.n)
		doc_set_double(
		    d, "bits_per_byte", nats / log(2) / (double)d->text.n);
	return emit_keep(em, d, e);
}

static void
put(struct buf *b, const char *name, double v)
{
	buf_printf(b, "\"%s\":", name);
	buf_double(b, v);
	buf_putc(b, ',');
}

/* "tokens":5,"nats":12.5, and what follows; each with a comma. */
static void
put_result(struct buf *b, double nats, uint64_t tokens, uint64_t bytes)
{
	buf_printf(b, "\"tokens\":%llu,", (unsigned long long)tokens);
	put(b, "nats", nats);
	if (tokens) {
		put(b, "loss", nats / (double)tokens);
		put(b, "perplexity", exp(nats / (double)tokens));
	}
	if (bytes)
		put(b, "bits_per_byte", nats / log(2) / (double)bytes);
}

static void
tell(double nats, uint64_t tokens, uint64_t bytes)
{
	double loss = nats / (double)tokens;
	char s[16];

	if (common.quiet || tokens == 0)
		return;
	fprintf(stderr,
	    "quern eval: %s tokens: loss %.4f nats a token, perplexity %.4g",
	    progress_scaled(s, (double)tokens, 1000), loss, exp(loss));
	if (bytes)
		fprintf(stderr, ", %.4f bits a byte",
		    nats / log(2) / (double)bytes);
	fputc('\n', stderr);
}

static int
open_judge(struct judge *j, struct err *e)
{
	const struct ops *ops =
	    ops_open(given.device, given.dtype, common.threads, e);
	char path[PATH_MAX];

	if (!ops)
		return e->code;
	snprintf(path, sizeof(path), "%s/tokenizer.json", given.model);
	if (model_open(&j->model, given.model, ops, 0, e) < 0 ||
	    tokenizer_open(
		&j->text, given.tokenizer ? given.tokenizer : path, e) < 0)
		return e->code;
	j->scratch = j->text.worker_new(j->text.ctx, e);
	return j->scratch ? 0 : e->code;
}

static int
run_docs(struct judge *j, struct docs *in, struct err *e)
{
	static const struct docs_ops ops = { .doc = judge };
	struct opt_common one = common;
	struct run r;
	int rc;

	one.threads = 1; /* the model has the threads */
	rc = run_open(&r, &cmd, &one, false, cmd_warn, e);
	if (rc < 0)
		return rc;
	rc = docs_run(in, &ops, j, &r, e);
	put_result(&r.extra, j->nats, j->tokens, j->bytes);
	if (rc < 0)
		run_abort(&r);
	else
		rc = run_close(&r, e);
	if (rc == 0) {
		cmd_closing(&r, "documents");
		tell(j->nats, j->tokens, j->bytes);
	}
	return rc;
}

static int
eval_docs(int argc, char **argv, struct err *e)
{
	struct judge j = { 0 };
	struct docs in;
	int rc = docs_open(&in, argv + 1, argc, &common, e);

	if (rc < 0)
		return rc;
	rc = open_judge(&j, e);
	if (rc == 0)
		rc = run_docs(&j, &in, e);
	docs_close(&in);
	if (j.scratch)
		j.text.worker_free(j.scratch);
	if (j.text.close)
		j.text.close(j.text.ctx);
	model_close(j.model);
	ids_free(&j.ids);
	return rc;
}

static int
write_rows(const struct eval_result *r, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_putc(&b, '{');
	put_result(&b, r->nats, r->tokens, 0);
	if (b.n)
		b.n--; /* the last comma */
	buf_puts(&b, "}\n");
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(common.out, b.p, b.n, e);
	if (rc == 0 && common.stats)
		rc = out_whole(common.stats, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
eval_recipe(struct err *e)
{
	const struct ops *ops =
	    ops_open(given.device, given.dtype, common.threads, e);
	struct row_source rows;
	struct eval_result r;
	int rc;

	if (!ops || mix_open(&rows, given.recipe, e) < 0)
		return e->code;
	rc = eval_rows(&r, given.model, &rows, ops, e);
	rows.close(rows.ctx);
	if (rc == 0)
		rc = write_rows(&r, e);
	if (rc == 0)
		tell(r.nats, r.tokens, 0);
	return rc;
}

int
main(int argc, char **argv)
{
	struct err e;
	int rc;

	cmd_wait_asleep(argv);
	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	if (!given.model)
		rc = err_set(&e, ERR_ARG, "--model is needed");
	else if (given.recipe && argc > 0)
		rc = err_set(&e, ERR_ARG, "--recipe takes no files beside it");
	else
		rc = given.recipe ? eval_recipe(&e) : eval_docs(argc, argv, &e);
	return cmd_end(&cmd, rc, &e);
}

/* SPDX-License-Identifier: MIT */
/* Labels documents by text classifiers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/fasttext.h"
#include "filter/strs.h"

static struct opt_common common;
static struct opt_list keep;
static const char *model_path, *name = "label";
static double min_score;
static int top = 1;

enum { NAME_MAX_BYTES = 64, TOP_MAX = 1000 };

/* ctx of the workers. */
struct labels {
	struct fasttext *model;
	struct strs keep; /* n = 0: all */
	char score_key[NAME_MAX_BYTES + 8], top_key[NAME_MAX_BYTES + 8];
	size_t top;
};

struct worker {
	struct fasttext_scratch scratch;
	struct fasttext_guess guesses[TOP_MAX + 1];
	struct buf json;
};

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	fasttext_scratch_free(&w->scratch);
	buf_free(&w->json);
	free(w);
}

static bool
is_wanted(const struct labels *x, struct str label)
{
	size_t i;

	for (i = 0; i < x->keep.n; i++)
		if (str_eq(x->keep.v[i], label))
			return true;
	return x->keep.n == 0;
}

/* {"label":"..."}: what a dropped document got. */
static int
drop(struct worker *w, struct str label, const char *rule, double score,
    struct doc *d, struct emit *em, struct err *e)
{
	buf_clear(&w->json);
	buf_puts(&w->json, "{\"label\":");
	buf_json_lossy(&w->json, label);
	buf_putc(&w->json, '}');
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	return emit_drop(em, d,
	    &(struct reason){ .rule = rule,
		.has_value = score >= 0,
		.value = score,
		.threshold = min_score,
		.detail = buf_view(&w->json) },
	    e);
}

/* [["label",0.9],...] */
static int
set_top(const struct labels *x, struct worker *w, size_t n, struct doc *d,
    struct err *e)
{
	size_t i;

	buf_clear(&w->json);
	for (i = 0; i < n; i++) {
		buf_puts(&w->json, i ? ",[" : "[[");
		buf_json_lossy(
		    &w->json, fasttext_label(x->model, w->guesses[i].label));
		buf_putc(&w->json, ',');
		buf_double(&w->json, w->guesses[i].p);
		buf_putc(&w->json, ']');
	}
	buf_puts(&w->json, n ? "]" : "[]");
	doc_set_json(d, x->top_key, buf_view(&w->json));
	return buf_ok(&w->json, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct labels *x = ctx;
	struct worker *w = worker;
	struct str label = { NULL, 0 };
	double score = 0;
	size_t n;

	if (fasttext_guess(
		x->model, &w->scratch, d->text, x->top, w->guesses, &n, e) < 0)
		return e->code;
	if (n) {
		label = fasttext_label(x->model, w->guesses->label);
		score = w->guesses->p;
	}
	if (!is_wanted(x, label))
		return drop(w, label, "label", -1, d, em, e);
	if (score < min_score)
		return drop(w, label, "label_score", score, d, em, e);
	buf_clear(&w->json);
	if (n)
		buf_json_lossy(&w->json, label);
	else
		buf_puts(&w->json, "null");
	doc_set_json(d, name, buf_view(&w->json));
	doc_set_double(d, x->score_key, score);
	if (buf_ok(&w->json, e) < 0 ||
	    (x->top > 1 && set_top(x, w, n, d, e) < 0))
		return e->code;
	return emit_keep(em, d, e);
}

/* Is it a label of the model? */
static bool
is_label(const struct fasttext *f, struct str label)
{
	size_t i;

	for (i = 0; i < fasttext_labels(f); i++)
		if (str_eq(fasttext_label(f, i), label))
			return true;
	return false;
}

static int
prepare(struct labels *x, struct err *e)
{
	size_t i;

	if (!model_path)
		return err_set(e, ERR_ARG, "give --model");
	if (!*name || strlen(name) > NAME_MAX_BYTES)
		return err_set(
		    e, ERR_ARG, "--name: 1 to %d bytes", NAME_MAX_BYTES);
	if (top < 1 || top > TOP_MAX)
		return err_set(e, ERR_ARG, "--top: 1 to %d", TOP_MAX);
	x->top = (size_t)top;
	snprintf(x->score_key, sizeof(x->score_key), "%s_score", name);
	snprintf(x->top_key, sizeof(x->top_key), "%s_top", name);
	if (strs_split(&x->keep, &keep, "--keep", e) < 0 ||
	    fasttext_load(&x->model, model_path, e) < 0)
		return e->code;
	for (i = 0; i < x->keep.n; i++)
		if (!is_label(x->model, x->keep.v[i]))
			return err_set(e, ERR_ARG,
			    "--keep: the model has no label '%.*s'",
			    (int)x->keep.v[i].n, x->keep.v[i].p);
	return 0;
}

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &model_path, "FILE",
	    "the classifier: a model of fastText, .bin or .ftz", NULL },
	{ "name", 0, OPT_STR, &name, "NAME",
	    "set metadata.NAME and NAME_score (default: label)", NULL },
	{ "top", 0, OPT_INT, &top, "N",
	    "the N best labels in metadata.NAME_top, too", NULL },
	{ "keep", 0, OPT_LIST, &keep, "LABELS",
	    "drop what gets none of these labels: a,b", NULL },
	{ "min-score", 0, OPT_DOUBLE, &min_score, "X",
	    "drop what scores less than X, 0 to 1", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "classify label",
	.args = "[FILE...]",
	.summary = "label documents by a text classifier",
	.example = "quern classify label --model quality.bin --keep hq "
		   "docs.jsonl",
	.opts = opts,
	.common = shared,
};

static int
label_main(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge };
	struct labels x = { 0 };
	struct err e;
	int rc;

	argc = cmd_begin(&cmd, argc, argv);
	rc = prepare(&x, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_docs(&cmd, &common, argc, argv, &ops, &x);
	strs_free(&x.keep);
	fasttext_free(x.model);
	return rc;
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "label", "label documents by a text classifier", label_main },
		{ 0 },
	};

	opt_common_init(&common);
	return cmd_subs("classify", "Text classifiers.", subs, argc, argv);
}

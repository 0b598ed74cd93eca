/* SPDX-License-Identifier: MIT */
/* Trains text classifiers; labels documents by them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/fasttext_train.h"
#include "filter/lang_model.h"
#include "filter/lang_net.h"
#include "filter/lang_train.h"
#include "filter/strs.h"
#include "io/stream.h"

static struct opt_common common;

/* ---- label ---- */

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
	if (min_score < 0 || min_score > 1)
		return err_set(e, ERR_ARG,
		    "--min-score: %g is no probability from 0 to 1", min_score);
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

/* ---- train ---- */

static struct {
	const char *kind, *label, *loss;
	int epochs, dim, min_count, word_ngrams, minn, maxn, bucket;
	double lr;
} train = { .kind = "text",
	.label = "label",
	.loss = "softmax",
	.dim = 100,
	.min_count = 1,
	.word_ngrams = 1,
	.bucket = 2000000 };

static const struct opt train_opts[] = {
	{ "kind", 0, OPT_STR, &train.kind, "KIND",
	    "text: a model of fastText; language: a compact one that tells "
	    "languages",
	    "text,language" },
	{ "label", 0, OPT_STR, &train.label, "NAME",
	    "the label of a document is its metadata.NAME", NULL },
	{ "epochs", 0, OPT_INT, &train.epochs, "N",
	    "go over all documents N times; 0: 5, of languages 30", NULL },
	{ "lr", 0, OPT_DOUBLE, &train.lr, "X",
	    "rate of learning at the start; 0: 0.1, of languages 1", NULL },
	{ "dim", 0, OPT_POSITIVE, &train.dim, "N",
	    "text: numbers in the vector of a word", NULL },
	{ "word-ngrams", 0, OPT_POSITIVE, &train.word_ngrams, "N",
	    "text: runs of up to N words", NULL },
	{ "minn", 0, OPT_INT, &train.minn, "N",
	    "text: shortest n-gram of characters", NULL },
	{ "maxn", 0, OPT_INT, &train.maxn, "N",
	    "text: longest n-gram of characters; 0: none", NULL },
	{ "bucket", 0, OPT_POSITIVE, &train.bucket, "N",
	    "text: vectors for n-grams", NULL },
	{ "min-count", 0, OPT_POSITIVE, &train.min_count, "N",
	    "text: words met less often are left out", NULL },
	{ "loss", 0, OPT_STR, &train.loss, "LOSS",
	    "text: softmax, or hs, a tree, which is faster with many labels",
	    "softmax,hs" },
	{ 0 },
};
static const struct opt_cmd train_cmd = {
	.name = "classify train",
	.args = "[FILE...]",
	.summary = "train a text classifier",
	.example =
	    "quern classify train --label language -o lang.qlm docs.jsonl",
	.opts = train_opts,
	.common = shared,
};

/* A document for the fold: what follows is its label, then its text. */
struct sample {
	size_t label, text; /* bytes */
};

/* Hand the text and its label on, in order. */
static int
sample_doc(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct str label = json_str(doc_meta(d, train.label));
	struct sample s = { label.n, d->text.n };

	(void)ctx;
	(void)worker;
	if (label.n == 0)
		return emit_drop(
		    em, d, &(struct reason){ .rule = "no_label" }, e);
	buf_put(&em->side, &s, sizeof(s));
	buf_str(&em->side, label);
	buf_str(&em->side, d->text);
	em->tally.kept++;
	return buf_ok(&em->side, e);
}

/* A side's next sample; false at its end. */
static bool
next_sample(struct str *side, struct str *label, struct str *text)
{
	struct sample s;

	if (side->n == 0)
		return false;
	memcpy(&s, side->p, sizeof(s));
	*label = (struct str){ side->p + sizeof(s), s.label };
	*text = (struct str){ label->p + s.label, s.text };
	side->p += sizeof(s) + s.label + s.text;
	side->n -= sizeof(s) + s.label + s.text;
	return true;
}

static int
add_language(void *ctx, struct str side, struct err *e)
{
	struct str label, text;

	while (next_sample(&side, &label, &text))
		if (lang_train_add(ctx, text, lang_code(label), e) < 0)
			return e->code;
	return 0;
}

static int
add_text(void *ctx, struct str side, struct err *e)
{
	struct str label, text;

	while (next_sample(&side, &label, &text))
		if (fasttext_train_add(ctx, text, label, e) < 0)
			return e->code;
	return 0;
}

/* Where there is too little to train on, labels may stand elsewhere. */
static int
explain(int rc, struct err *e)
{
	return rc == ERR_FORMAT ? err_prefix(e, "--label %s", train.label) : rc;
}

static int
train_language(struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .doc = sample_doc,
		.fold = add_language };
	struct lang_train_opts o = {
		.epochs = train.epochs ? (unsigned)train.epochs : 30,
		.lr = train.lr > 0 ? train.lr : 1,
		.seed = common.seed,
		.threads = common.threads
	};
	struct lang_train *t = lang_train_new();
	struct langid *m = NULL;
	struct buf b = { 0 };
	int rc;

	if (!t)
		return err_nomem(e, "training");
	rc = docs_run(in, &ops, t, r, e);
	if (rc == 0)
		rc = explain(lang_train_run(t, &o, &m, e), e);
	lang_train_free(t);
	if (rc == 0)
		rc = langid_write(m, &b, e);
	if (rc == 0)
		rc = out_write(r->out, b.p, b.n, e);
	langid_free(m);
	buf_free(&b);
	return rc;
}

static int
train_text(struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .doc = sample_doc,
		.fold = add_text };
	struct fasttext_train_opts o = { .dim = train.dim,
		.epochs = train.epochs ? train.epochs : 5,
		.min_count = train.min_count,
		.word_ngrams = train.word_ngrams,
		.minn = train.minn,
		.maxn = train.maxn,
		.bucket = train.bucket,
		.lr = train.lr > 0 ? train.lr : 0.1,
		.hs = strcmp(train.loss, "hs") == 0,
		.seed = common.seed,
		.threads = common.threads };
	struct fasttext_train *t = fasttext_train_new();
	const struct fasttext *f;
	int rc;

	if (!t)
		return err_nomem(e, "training");
	rc = docs_run(in, &ops, t, r, e);
	if (rc == 0)
		rc = explain(fasttext_train_run(t, &o, &f, e), e);
	if (rc == 0)
		rc = fasttext_train_write(t, r->out, e);
	fasttext_train_free(t);
	return rc;
}

static int
train_main(int argc, char **argv)
{
	struct docs in;
	struct run r;
	struct err e;
	int rc;

	argc = cmd_begin(&train_cmd, argc, argv);
	rc = docs_open(&in, argv + 1, argc, &common, &e);
	if (rc < 0)
		return cmd_end(&train_cmd, rc, &e);
	rc = run_open(&r, &train_cmd, &common, false, cmd_warn, &e);
	if (rc == 0) {
		rc = strcmp(train.kind, "text") == 0
			 ? train_text(&in, &r, &e)
			 : train_language(&in, &r, &e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, &e);
		if (rc == 0)
			cmd_closing(&r, "documents");
	}
	docs_close(&in);
	return cmd_end(&train_cmd, rc, &e);
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "train", "train a text classifier", train_main },
		{ "label", "label documents by a text classifier", label_main },
		{ 0 },
	};

	opt_common_init(&common);
	return cmd_subs("classify", "Text classifiers.", subs, argc, argv);
}

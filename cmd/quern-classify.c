/* SPDX-License-Identifier: MIT */
/* Trains text classifiers; labels documents by them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/classify.h"
#include "filter/fasttext_train.h"
#include "filter/lang_model.h"
#include "filter/lang_net.h"
#include "filter/lang_train.h"
#include "io/stream.h"

static struct opt_common common;

/* ---- label ---- */

static struct {
	struct opt_list keep, drop;
	const char *model, *name, *unit;
	double min_score, drop_above;
	int top;
} given = { .name = "label", .unit = "document", .drop_above = 0.5, .top = 1 };

enum { NAME_MAX_BYTES = 64, TOP_MAX = 1000 };

/* Parts of texts, of which some were taken away. */
struct counts {
	uint64_t units, gone;
};

/* ctx of the workers, which change nothing; of fold, which counts. */
static struct labels {
	struct fasttext *model;
	struct classify_rules rules;
	enum classify_unit unit;
	char score_key[NAME_MAX_BYTES + 16], top_key[NAME_MAX_BYTES + 16],
	    units_key[NAME_MAX_BYTES + 16];
	struct counts counts;
} labels;

struct worker {
	struct classify_scratch scratch;
	struct classify_units units;
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

	classify_scratch_free(&w->scratch);
	classify_units_free(&w->units);
	buf_free(&w->json);
	free(w);
}

/* {"label":"..."}: what a dropped document got. */
static int
drop(struct worker *w, const struct classify_verdict *v, struct doc *d,
    struct emit *em, struct err *e)
{
	buf_clear(&w->json);
	buf_puts(&w->json, "{\"label\":");
	buf_json_lossy(&w->json, v->why);
	buf_putc(&w->json, '}');
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	return emit_drop(em, d,
	    &(struct reason){ .rule = v->rule,
		.has_value = v->value >= 0,
		.value = v->value,
		.threshold = v->threshold,
		.detail = buf_view(&w->json) },
	    e);
}

/* [["label",0.9],...] */
static int
set_top(const struct labels *x, struct worker *w, struct doc *d, struct err *e)
{
	size_t i, top = (size_t)given.top;
	size_t n = w->scratch.n < top ? w->scratch.n : top;

	buf_clear(&w->json);
	for (i = 0; i < n; i++) {
		const struct fasttext_guess *g = &w->scratch.guesses[i];

		buf_puts(&w->json, i ? ",[" : "[[");
		buf_json_lossy(&w->json, fasttext_label(x->model, g->label));
		buf_putc(&w->json, ',');
		buf_double(&w->json, g->p);
		buf_putc(&w->json, ']');
	}
	buf_puts(&w->json, n ? "]" : "[]");
	doc_set_json(d, x->top_key, buf_view(&w->json));
	return buf_ok(&w->json, e);
}

static int
set_label(const struct labels *x, struct worker *w,
    const struct classify_verdict *v, struct doc *d, struct err *e)
{
	buf_clear(&w->json);
	if (v->label.p)
		buf_json_lossy(&w->json, v->label);
	else
		buf_puts(&w->json, "null");
	doc_set_json(d, given.name, buf_view(&w->json));
	doc_set_double(d, x->score_key, v->score);
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	return given.top > 1 ? set_top(x, w, d, e) : 0;
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct labels *x = ctx;
	struct worker *w = worker;
	struct classify_units *u = &w->units;
	struct classify_verdict v;
	bool parts = x->unit != CLASSIFY_DOCUMENT;

	if (parts) {
		if (classify_units_judge(
			&x->rules, &w->scratch, u, d->text, x->unit, e) < 0)
			return e->code;
		buf_put(&em->side, &(struct counts){ u->n, u->ngone },
		    sizeof(struct counts));
		if (buf_ok(&em->side, e) < 0)
			return e->code;
		if (u->ngone == u->n && classify_rules_any(&x->rules))
			return emit_drop(em, d,
			    &(struct reason){ .rule = "nothing_left",
				.has_value = true,
				.threshold = 1,
				.detail = buf_view(&u->told) },
			    e);
	}
	if (classify_judge(
		&x->rules, &w->scratch, d->text, (size_t)given.top, &v, e) < 0)
		return e->code;
	if (v.rule && !parts)
		return drop(w, &v, d, em, e);
	if (parts)
		doc_set_json(d, x->units_key, buf_view(&u->told));
	if (u->ngone)
		doc_set_text(d, buf_view(&u->left));
	return set_label(x, w, &v, d, e) < 0 ? e->code : emit_keep(em, d, e);
}

static int
count_units(void *ctx, struct str side, struct err *e)
{
	struct labels *x = ctx;
	struct counts n;

	(void)e;
	for (; side.n; side.p += sizeof(n), side.n -= sizeof(n)) {
		memcpy(&n, side.p, sizeof(n));
		x->counts.units += n.units;
		x->counts.gone += n.gone;
	}
	return 0;
}

static int
check_label_opts(struct err *e)
{
	if (!given.model)
		return err_set(e, ERR_ARG, "give --model");
	if (!*given.name || strlen(given.name) > NAME_MAX_BYTES)
		return err_set(
		    e, ERR_ARG, "--name: 1 to %d bytes", NAME_MAX_BYTES);
	if (given.min_score < 0 || given.min_score > 1)
		return err_set(e, ERR_ARG,
		    "--min-score: %g is no probability from 0 to 1",
		    given.min_score);
	if (given.drop_above < 0 || given.drop_above > 1)
		return err_set(e, ERR_ARG,
		    "--drop-above: %g is no probability from 0 to 1",
		    given.drop_above);
	if (given.top < 1 || given.top > TOP_MAX)
		return err_set(e, ERR_ARG, "--top: 1 to %d", TOP_MAX);
	return 0;
}

static enum classify_unit
unit_of(const char *name)
{
	return *name == 'd'   ? CLASSIFY_DOCUMENT
	       : *name == 'p' ? CLASSIFY_PARAGRAPH
			      : CLASSIFY_SENTENCE;
}

static int
prepare(struct labels *x, struct err *e)
{
	struct classify_rules *r = &x->rules;

	if (check_label_opts(e) < 0 ||
	    strs_split(&r->keep, &given.keep, "--keep", e) < 0 ||
	    strs_split(&r->drop, &given.drop, "--drop", e) < 0 ||
	    fasttext_load(&x->model, given.model, e) < 0)
		return e->code;
	r->model = x->model;
	r->min_score = given.min_score;
	r->drop_above = given.drop_above;
	x->unit = unit_of(given.unit);
	snprintf(x->score_key, sizeof(x->score_key), "%s_score", given.name);
	snprintf(x->top_key, sizeof(x->top_key), "%s_top", given.name);
	snprintf(x->units_key, sizeof(x->units_key), "%s_%s", given.name,
	    classify_rules_any(r) ? "removed" : "units");
	return classify_rules_check(r, e);
}

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &given.model, "FILE",
	    "the classifier: a model of fastText, .bin or .ftz", NULL },
	{ "name", 0, OPT_STR, &given.name, "NAME",
	    "set metadata.NAME and NAME_score (default: label)", NULL },
	{ "unit", 0, OPT_STR, &given.unit, "UNIT",
	    "paragraph, sentence: label these, too, and remove those not "
	    "wanted from the text",
	    "document,paragraph,sentence" },
	{ "top", 0, OPT_INT, &given.top, "N",
	    "the N best labels in metadata.NAME_top, too", NULL },
	{ "keep", 0, OPT_LIST, &given.keep, "LABELS",
	    "drop what gets none of these labels: a,b", NULL },
	{ "min-score", 0, OPT_DOUBLE, &given.min_score, "X",
	    "drop what scores less than X, 0 to 1", NULL },
	{ "drop", 0, OPT_LIST, &given.drop, "LABELS",
	    "drop what is likely to be one of these labels: a,b", NULL },
	{ "drop-above", 0, OPT_DOUBLE, &given.drop_above, "X",
	    "so likely: with a probability above X, 0 to 1", NULL },
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
label_docs(void *unused, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge,
		.fold = count_units };
	int rc = docs_run(in, &ops, &labels, r, e);

	(void)unused;
	if (rc == 0 && labels.unit != CLASSIFY_DOCUMENT) {
		buf_printf(&r->extra,
		    "\"units\":{\"in\":%llu,\"removed\":%llu},",
		    (unsigned long long)labels.counts.units,
		    (unsigned long long)labels.counts.gone);
		rc = buf_ok(&r->extra, e);
	}
	return rc;
}

static int
label_main(int argc, char **argv)
{
	struct err e;
	int rc;

	argc = cmd_begin(&cmd, argc, argv);
	rc = prepare(&labels, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_work(&cmd, &common, argc, argv, label_docs, NULL);
	strs_free(&labels.rules.keep);
	strs_free(&labels.rules.drop);
	fasttext_free(labels.model);
	return rc;
}

/* ---- train ---- */

struct train_opts {
	const char *kind, *label, *loss;
	int epochs, dim, min_count, word_ngrams, minn, maxn, bucket;
	double lr;
};

static const struct train_opts defaults = { .kind = "text",
	.label = "label",
	.loss = "softmax",
	.dim = 100,
	.min_count = 1,
	.word_ngrams = 1,
	.bucket = 2000000 };
static struct train_opts train;

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
train_language(void *unused, struct docs *in, struct run *r, struct err *e)
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

	(void)unused;
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
train_text(void *unused, struct docs *in, struct run *r, struct err *e)
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

	(void)unused;
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

/* Options of models of text say nothing of languages. */
static int
check_kind(const char *kind, struct err *e)
{
	const struct {
		const char *name;
		bool given;
	} foreign[] = {
		{ "--dim", train.dim != defaults.dim },
		{ "--word-ngrams", train.word_ngrams != defaults.word_ngrams },
		{ "--minn", train.minn != defaults.minn },
		{ "--maxn", train.maxn != defaults.maxn },
		{ "--bucket", train.bucket != defaults.bucket },
		{ "--min-count", train.min_count != defaults.min_count },
		{ "--loss", strcmp(train.loss, defaults.loss) != 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (strcmp(kind, "language") == 0 && foreign[i].given)
			return err_set(e, ERR_ARG,
			    "%s is for --kind text, not for language",
			    foreign[i].name);
	return 0;
}

static int
train_main(int argc, char **argv)
{
	struct err e;
	int rc;

	train = defaults;
	argc = cmd_begin(&train_cmd, argc, argv);
	rc = check_kind(train.kind, &e);
	if (rc < 0)
		return cmd_end(&train_cmd, rc, &e);
	return cmd_work(&train_cmd, &common, argc, argv,
	    strcmp(train.kind, "text") == 0 ? train_text : train_language,
	    NULL);
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

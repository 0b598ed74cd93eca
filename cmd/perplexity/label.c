/* SPDX-License-Identifier: MIT */
#include "perplexity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/cutoffs.h"
#include "filter/strs.h"

static struct opt_list models, tokenizers, keep;
static const char *cutoffs_path;
static int head = 30, tail = 60;

/* A language's model, or with an empty name everybody's. */
struct judge {
	struct str language;
	struct ngram *m;
	struct pieces pieces;
	uint32_t *words;
	struct lm_text text;
};

/* ctx of the workers. */
struct judges {
	struct judge *v;
	size_t n;
	struct cutoffs *cutoffs;
	struct strs keep; /* n = 0: all */
};

/* "en=FILE" or "FILE" */
static struct str
split_language(const char *arg, const char **path)
{
	const char *p = strchr(arg, '=');

	if (!p || p == arg || memchr(arg, '/', (size_t)(p - arg))) {
		*path = arg;
		return (struct str){ "", 0 };
	}
	*path = p + 1;
	return (struct str){ arg, (size_t)(p - arg) };
}

static struct judge *
judge_of(const struct judges *x, struct str language)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (str_eq(x->v[i].language, language))
			return &x->v[i];
	return NULL;
}

static int
open_judges(struct judges *x, struct err *e)
{
	struct str language;
	struct judge *j;
	const char *path;
	size_t i;

	x->v = calloc(models.n + 1, sizeof(*x->v));
	if (!x->v)
		return err_nomem(e, "models");
	for (i = 0; i < models.n; i++) {
		language = split_language(models.v[i], &path);
		if (judge_of(x, language))
			return err_set(e, ERR_ARG,
			    "--model: two for one language: %s", models.v[i]);
		j = &x->v[x->n++];
		j->language = language;
		if (ngram_load(&j->m, path, e) < 0)
			return e->code;
	}
	for (i = 0; i < tokenizers.n; i++) {
		language = split_language(tokenizers.v[i], &path);
		j = judge_of(x, language);
		if (!j || j->pieces.lm.names)
			return err_set(e, ERR_ARG,
			    "--tokenizer: %s for that language: %s",
			    j ? "two" : "there is no --model", tokenizers.v[i]);
		if (pieces_open(&j->pieces, path, e) < 0 ||
		    lm_pieces_words(&j->pieces.lm, j->m, &j->words, e) < 0)
			return e->code;
	}
	for (i = 0; i < x->n; i++)
		x->v[i].text = pieces_text(&x->v[i].pieces);
	return 0;
}

static void
judges_free(struct judges *x)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		ngram_free(x->v[i].m);
		pieces_free(&x->v[i].pieces);
		free(x->v[i].words);
	}
	free(x->v);
	cutoffs_free(x->cutoffs);
	strs_free(&x->keep);
}

/* < 0: there is none. */
static int
measure(const struct judge *j, struct worker *w, struct str text,
    double *perplexity, struct err *e)
{
	uint64_t words;
	double sum;

	w->row.n = 0;
	if (lm_text_row(
		&j->text, &w->scratch, j->m, j->words, text, &w->row, e) < 0 ||
	    ngram_score(j->m, &w->row, e) < 0)
		return e->code;
	sum = ngram_sum(&w->row, &words);
	*perplexity = words ? lm_rounded(ngram_perplexity(sum, words)) : -1;
	return 0;
}

static bool
is_kept(const struct judges *x, const char *bucket)
{
	size_t i;

	for (i = 0; i < x->keep.n; i++)
		if (str_eq(x->keep.v[i], str_c(bucket)))
			return true;
	return x->keep.n == 0;
}

/* In which bucket, and by which cut-off: the reason for dropping it. */
static int
drop(const char *bucket, double perplexity, double limit, struct doc *d,
    struct emit *em, struct err *e)
{
	char detail[32];

	snprintf(detail, sizeof(detail), "{\"bucket\":\"%s\"}", bucket);
	return emit_drop(em, d,
	    &(struct reason){ .rule = "perplexity_bucket",
		.has_value = perplexity >= 0,
		.value = perplexity,
		.threshold = limit,
		.detail = str_c(detail) },
	    e);
}

static int
judge_doc(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct judges *x = ctx;
	struct str language = json_str(doc_meta(d, "language"));
	const struct judge *j = judge_of(x, language);
	double perplexity = -1, limit = 0;
	const char *bucket = "all";

	if (!j)
		j = judge_of(x, (struct str){ "", 0 });
	if (j && measure(j, worker, d->text, &perplexity, e) < 0)
		return e->code;
	if (x->cutoffs && perplexity >= 0)
		bucket =
		    cutoffs_bucket(x->cutoffs, language, perplexity, &limit);
	if (!is_kept(x, bucket))
		return drop(bucket, perplexity, limit, d, em, e);
	if (perplexity >= 0)
		doc_set_double(d, "perplexity", perplexity);
	else if (json_type(doc_meta(d, "perplexity")) != JSON_NONE)
		doc_set_json(d, "perplexity", STR("null"));
	if (x->cutoffs)
		doc_set_str(d, "bucket", str_c(bucket));
	return emit_keep(em, d, e);
}

static int
prepare(struct judges *x, struct err *e)
{
	size_t i;

	if (models.n == 0)
		return err_set(e, ERR_ARG, "give --model");
	if (head < 0 || tail <= head || tail > 100)
		return err_set(e, ERR_ARG,
		    "--head %d, --tail %d: percentiles from 0 to 100, head "
		    "below tail",
		    head, tail);
	if (strs_split(&x->keep, &keep, "--keep", e) < 0)
		return e->code;
	for (i = 0; i < x->keep.n; i++)
		if (!str_eq(x->keep.v[i], STR("head")) &&
		    !str_eq(x->keep.v[i], STR("middle")) &&
		    !str_eq(x->keep.v[i], STR("tail")) &&
		    !str_eq(x->keep.v[i], STR("all")))
			return err_set(e, ERR_ARG,
			    "--keep: '%.*s' is none of head, middle, tail, all",
			    (int)x->keep.v[i].n, x->keep.v[i].p);
	if (x->keep.n && !cutoffs_path)
		return err_set(e, ERR_ARG, "--keep takes --cutoffs");
	if (cutoffs_path && cutoffs_load(&x->cutoffs, cutoffs_path,
				(unsigned)head, (unsigned)tail, e) < 0)
		return e->code;
	return open_judges(x, e);
}

static const struct opt label_opts[] = {
	{ "model", 0, OPT_LIST, &models, "[LANG=]FILE",
	    "the language model, ARPA or a binary file of KenLM; with LANG= "
	    "for documents in that language",
	    NULL },
	{ "tokenizer", 0, OPT_LIST, &tokenizers, "[LANG=]FILE",
	    "the model's words are tokens of this, such as SentencePiece's",
	    NULL },
	OPT_TEXT,
	{ "cutoffs", 0, OPT_STR, &cutoffs_path, "FILE",
	    "set metadata.bucket by these, of quern perplexity cutoffs", NULL },
	{ "head", 0, OPT_INT, &head, "N",
	    "head: below percentile N of the cut-offs", NULL },
	{ "tail", 0, OPT_INT, &tail, "N", "tail: from percentile N on", NULL },
	{ "keep", 0, OPT_LIST, &keep, "BUCKETS",
	    "drop what is in none of these: head,middle", NULL },
	{ 0 },
};
static const struct opt_cmd label_cmd = {
	.name = "perplexity label",
	.args = "[FILE...]",
	.summary = "say how surprised a language model is by each document",
	.example = "quern perplexity label --model en.arpa.bin docs.jsonl\n"
		   "quern perplexity label --model en=en.arpa.bin "
		   "--tokenizer en=en.sp.model --cutoffs cutoff.csv docs.jsonl",
	.opts = label_opts,
	.common = perplexity_shared,
};

int
main_label(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new =
						 perplexity_worker_new,
		.worker_free = perplexity_worker_free,
		.doc = judge_doc };
	struct judges x = { 0 };
	struct err e;
	int rc;

	argc = cmd_begin(&label_cmd, argc, argv);
	rc = prepare(&x, &e);
	rc = rc < 0 ? cmd_end(&label_cmd, rc, &e)
		    : cmd_docs(
			  &label_cmd, &perplexity_common, argc, argv, &ops, &x);
	judges_free(&x);
	return rc;
}

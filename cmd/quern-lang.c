/* SPDX-License-Identifier: MIT */
/* Names the language of every document; keeps those asked for. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cmd.h"
#include "filter/lang_model.h"
#include "filter/strs.h"

static struct opt_common common;
static struct opt_list keep;
static double min_score;
static const char *model_path;

/* ctx of the workers: what to keep. */
struct wanted {
	struct fasttext *model; /* NULL: CLD2 */
	struct strs codes;      /* n = 0: all */
	double min_score;
};

static bool
is_wanted(const struct wanted *w, const char *code)
{
	size_t i;

	for (i = 0; i < w->codes.n; i++)
		if (str_eq(w->codes.v[i], str_c(code)))
			return true;
	return w->codes.n == 0;
}

static int
drop_language(
    const struct lang *l, struct doc *d, struct emit *em, struct err *e)
{
	char detail[64];

	snprintf(detail, sizeof(detail), "{\"language\":\"%s\"}", l->code);
	return emit_drop(em, d,
	    &(struct reason){ .rule = "language", .detail = str_c(detail) }, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct wanted *w = ctx;
	struct lang l;

	if ((w->model ? lang_model_guess(w->model, worker, d->text, &l, e)
		      : lang_guess(d->text, &l, e)) < 0)
		return e->code;
	if (!is_wanted(w, l.code))
		return drop_language(&l, d, em, e);
	if (l.score < w->min_score)
		return emit_drop(em, d,
		    &(struct reason){ .rule = "language_score",
			.has_value = true,
			.value = l.score,
			.threshold = w->min_score },
		    e);
	doc_set_str(d, "language", str_c(l.code));
	doc_set_double(d, "language_score", l.score);
	doc_set_bool(d, "language_reliable", l.reliable);
	return emit_keep(em, d, e);
}

static void *
worker_new(void *ctx, struct err *e)
{
	struct fasttext_scratch *s = calloc(1, sizeof(*s));

	(void)ctx;
	if (!s)
		err_nomem(e, "threads");
	return s;
}

static void
worker_free(void *worker)
{
	fasttext_scratch_free(worker);
	free(worker);
}

static int
check_codes(const struct wanted *w, struct err *e)
{
	const struct strs *codes = &w->codes;
	size_t i;

	for (i = 0; i < codes->n; i++)
		if (w->model ? !lang_model_known(w->model, codes->v[i])
			     : !lang_known(codes->v[i]))
			return err_set(e, ERR_ARG,
			    "--keep: no language '%.*s' can be found (codes "
			    "are ISO 639-1, else 639-3)",
			    (int)codes->v[i].n, codes->v[i].p);
	return 0;
}

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &model_path, "FILE",
	    "tell languages by this fastText model, .bin or .ftz (default: "
	    "CLD2)",
	    NULL },
	{ "keep", 0, OPT_LIST, &keep, "CODES",
	    "drop what is in none of these languages: en,fr", NULL },
	{ "min-score", 0, OPT_DOUBLE, &min_score, "X",
	    "drop what scores less than X, 0 to 1", NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "lang",
	.args = "[FILE...]",
	.summary = "name the language of every document",
	.example = "quern lang --keep en,fr --min-score 0.65 docs.jsonl",
	.opts = opts,
	.common = shared,
};

int
main(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge };
	struct wanted w = { 0 };
	struct err e;
	int rc;

	/*
	 * CLD2 takes and gives back over 128 KB a text, which malloc would
	 * map and unmap: three quarters of the time that short texts take.
	 */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	w.min_score = min_score;
	rc = strs_split(&w.codes, &keep, "--keep", &e);
	if (rc == 0 && model_path) {
		rc = fasttext_load(&w.model, model_path, &e);
		if (rc == 0)
			rc = lang_model_check(w.model, &e);
	}
	if (rc == 0)
		rc = check_codes(&w, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_docs(&cmd, &common, argc, argv, &ops, &w);
	strs_free(&w.codes);
	fasttext_free(w.model);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* Names the language of every document; keeps those asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text/lines.h"
#include "cmd.h"
#include "filter/lang_model.h"
#include "filter/strs.h"
#include "io/stream.h"

static struct opt_common common;
static struct opt_list keep;
static double min_score;
static const char *model_path, *unit = "document";

/* ctx of the workers: what to keep. */
struct wanted {
	struct fasttext *model; /* NULL: langid */
	struct langid *langid;
	struct strs codes; /* n = 0: all */
	double min_score;
	bool paragraphs;
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

struct worker {
	struct fasttext_scratch scratch;
	struct buf json;
};

static int
guess(const struct wanted *w, struct worker *me, struct str text,
    struct lang *l, struct err *e)
{
	if (w->model)
		return lang_model_guess(w->model, &me->scratch, text, l, e);
	langid_guess(w->langid, text, l);
	return 0;
}

/* Lines in one language, neighbours. */
struct span {
	size_t start, end; /* bytes of the text */
	size_t longest;
	struct lang l; /* of the longest line */
};

static void
put_span(struct buf *b, const struct span *s)
{
	if (s->end == 0)
		return;
	buf_printf(b, "%s{\"start\":%zu,\"end\":%zu,\"language\":\"%s\",",
	    b->n ? "," : "[", s->start, s->end, s->l.code);
	buf_puts(b, "\"score\":");
	buf_double(b, s->l.score);
	buf_putc(b, '}');
}

/* What every line that is not blank is in, neighbours joined. */
static int
set_paragraphs(
    const struct wanted *w, struct worker *me, struct doc *d, struct err *e)
{
	struct text_lines it = { d->text };
	struct span s = { 0 };
	struct str line;
	struct lang l;

	buf_clear(&me->json);
	while (text_lines_next(&it, &line)) {
		line = text_strip(line);
		if (line.n == 0)
			continue;
		if (guess(w, me, line, &l, e) < 0)
			return e->code;
		if (strcmp(l.code, s.l.code) != 0) {
			put_span(&me->json, &s);
			s = (struct span){ .start =
					       (size_t)(line.p - d->text.p) };
		}
		if (line.n > s.longest) {
			s.longest = line.n;
			s.l = l;
		}
		s.end = (size_t)(line.p - d->text.p) + line.n;
	}
	put_span(&me->json, &s);
	buf_puts(&me->json, me->json.n ? "]" : "[]");
	doc_set_json(d, "language_paragraphs", buf_view(&me->json));
	return buf_ok(&me->json, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct wanted *w = ctx;
	struct lang l;

	if (guess(w, worker, d->text, &l, e) < 0)
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
	if (w->paragraphs && set_paragraphs(w, worker, d, e) < 0)
		return e->code;
	return emit_keep(em, d, e);
}

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *me = calloc(1, sizeof(*me));

	(void)ctx;
	if (!me)
		err_nomem(e, "threads");
	return me;
}

static void
worker_free(void *worker)
{
	struct worker *me = worker;

	fasttext_scratch_free(&me->scratch);
	buf_free(&me->json);
	free(me);
}

/* The model given, of either kind, or the built-in one. */
static int
load_model(struct wanted *w, struct err *e)
{
	char *p;
	size_t n;

	if (!model_path)
		return langid_builtin(&w->langid, e);
	if (in_slurp(model_path, &p, &n, e) < 0)
		return e->code;
	if (langid_is((struct str){ p, n })) {
		langid_parse(&w->langid, (struct str){ p, n }, e);
		free(p);
		return w->langid ? 0 : err_prefix(e, "%s", model_path);
	}
	if (fasttext_take(&w->model, p, n, e) < 0)
		return err_prefix(e, "%s", model_path);
	return lang_model_check(w->model, e);
}

static int
check_codes(const struct wanted *w, struct err *e)
{
	const struct strs *codes = &w->codes;
	size_t i;

	for (i = 0; i < codes->n; i++)
		if (w->model ? !lang_model_known(w->model, codes->v[i])
			     : !langid_knows(w->langid, codes->v[i]))
			return err_set(e, ERR_ARG,
			    "--keep: no language '%.*s' can be found (codes "
			    "are ISO 639-1, else 639-3)",
			    (int)codes->v[i].n, codes->v[i].p);
	return 0;
}

static const struct opt opts[] = {
	{ "model", 0, OPT_STR, &model_path, "FILE",
	    "tell languages by this model, of quern classify train or of "
	    "fastText (default: the built-in one)",
	    NULL },
	{ "unit", 0, OPT_STR, &unit, "UNIT",
	    "paragraph: say in metadata.language_paragraphs, too, what each "
	    "paragraph is in",
	    "document,paragraph" },
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

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	w.min_score = min_score;
	w.paragraphs = strcmp(unit, "paragraph") == 0;
	if (min_score < 0 || min_score > 1) {
		rc = err_set(&e, ERR_ARG,
		    "--min-score: %g is no probability from 0 to 1", min_score);
		return cmd_end(&cmd, rc, &e);
	}
	rc = strs_split(&w.codes, &keep, "--keep", &e);
	if (rc == 0)
		rc = load_model(&w, &e);
	if (rc == 0)
		rc = check_codes(&w, &e);
	rc = rc < 0 ? cmd_end(&cmd, rc, &e)
		    : cmd_docs(&cmd, &common, argc, argv, &ops, &w);
	strs_free(&w.codes);
	fasttext_free(w.model);
	langid_free(w.langid);
	return rc;
}

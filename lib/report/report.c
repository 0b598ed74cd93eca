/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"
#include "io/stream.h"
#include "report/copy.h"
#include "report/markup.h"
#include "report/report_impl.h"

struct report *
report_new(void)
{
	return calloc(1, sizeof(struct report));
}

static void
free_trainings(struct report *r)
{
	size_t i, k;

	for (i = 0; i < r->ntraining; i++) {
		for (k = 0; k < SERIES; k++)
			free(r->trainings[i].series[k].v);
		free(r->trainings[i].name);
	}
	free(r->trainings);
}

void
report_free(struct report *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->nstage; i++) {
		free(r->stages[i].command);
		free(r->stages[i].options);
		counts_free(&r->stages[i].reasons);
	}
	for (i = 0; i < r->nsurvey; i++) {
		free(r->surveys[i].name);
		stats_free(&r->surveys[i].stats);
	}
	for (i = 0; i < r->ndrawn; i++) {
		free(r->drawn[i].name);
		json_free(r->drawn[i].json);
	}
	free_trainings(r);
	free(r->stages);
	free(r->surveys);
	free(r->drawn);
	samples_free(&r->samples);
	free(r);
}

static void
flat_scalar(struct json_val v, struct buf *out)
{
	switch (json_type(v)) {
	case JSON_STRING:
		buf_str(out, json_str(v));
		break;
	case JSON_NUMBER:
		buf_double(out, json_double(v, 0));
		break;
	case JSON_BOOL:
		buf_puts(out, json_bool(v, false) ? "yes" : "no");
		break;
	default:
		buf_puts(out, "none");
	}
}

void
flat_json(struct json_val v, struct buf *out)
{
	struct json_iter it = json_each(v);
	enum json_type type = json_type(v);
	struct json_val item;
	struct str key;
	size_t i = 0;

	if (type != JSON_OBJECT && type != JSON_ARRAY) {
		flat_scalar(v, out);
		return;
	}
	while (json_next(&it, &key, &item)) {
		buf_puts(out, i++ ? ", " : "");
		if (key.p) {
			buf_str(out, key);
			buf_putc(out, ' ');
		}
		flat_json(item, out);
	}
}

/* One more element of size bytes, cleared; NULL: no memory. */
static void *
grow(void **v, size_t *n, size_t size, struct err *e)
{
	char *p = realloc(*v, (*n + 1) * size);

	if (!p) {
		err_nomem(e, "a report");
		return NULL;
	}
	*v = p;
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

/* The stage of a command with these options, made if it isn't there. */
static struct stage *
stage_get(
    struct report *r, struct str command, struct str options, struct err *e)
{
	struct stage *s;
	size_t i;

	for (i = 0; i < r->nstage; i++)
		if (str_eq(str_c(r->stages[i].command), command) &&
		    str_eq(str_c(r->stages[i].options), options))
			return &r->stages[i];
	s = grow((void **)&r->stages, &r->nstage, sizeof(*s), e);
	if (!s)
		return NULL;
	s->command = copy_str(command);
	s->options = copy_str(options);
	if (s->command && s->options)
		return s;
	err_nomem(e, "a report");
	return NULL;
}

static int
add_reasons(struct stage *s, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val n;
	struct str rule;

	while (json_next(&it, &rule, &n))
		if (counts_add(&s->reasons, rule, json_u64(n, 0), 0, 0, e) < 0)
			return e->code;
	return 0;
}

static int
add_run(struct report *r, struct json_val v, struct err *e)
{
	struct json_val records = json_get(v, "records");
	struct buf options = { 0 };
	struct stage *s = NULL;

	flat_json(json_get(v, "options"), &options);
	if (buf_ok(&options, e) == 0)
		s = stage_get(
		    r, json_str(json_get(v, "command")), buf_view(&options), e);
	buf_free(&options);
	if (!s)
		return e->code;
	s->runs++;
	s->in += json_u64(json_get(records, "in"), 0);
	s->kept += json_u64(json_get(records, "kept"), 0);
	s->dropped += json_u64(json_get(records, "dropped"), 0);
	s->damaged += json_u64(json_get(records, "damaged"), 0);
	s->text_in += json_u64(json_path(v, "text_bytes.in"), 0);
	s->text_out += json_u64(json_path(v, "text_bytes.out"), 0);
	s->tokens += json_u64(json_get(v, "tokens"), 0);
	return add_reasons(s, json_get(v, "dropped"), e);
}

static struct survey_page *
survey_get(struct report *r, const char *name, struct err *e)
{
	struct survey_page *s;
	size_t i;

	for (i = 0; i < r->nsurvey; i++)
		if (strcmp(r->surveys[i].name, name) == 0)
			return &r->surveys[i];
	s = grow((void **)&r->surveys, &r->nsurvey, sizeof(*s), e);
	if (!s)
		return NULL;
	s->name = copy_str(str_c(name));
	if (s->name)
		return s;
	err_nomem(e, "a report");
	return NULL;
}

static int
add_survey(struct report *r, struct json_val v, const char *name, struct err *e)
{
	struct survey_page *s = survey_get(r, name, e);
	struct stats one = { 0 };
	int rc = s ? stats_read(&one, v, e) : e->code;

	if (rc == 0)
		rc = stats_merge(&s->stats, &one, e);
	if (rc == 0)
		rc = samples_merge(&r->samples, &one.samples, e);
	stats_free(&one);
	return rc;
}

static int
add_point(struct series *s, double x, double y, struct err *e)
{
	size_t cap = s->cap ? 2 * s->cap : 256;
	struct plot_point *v = s->v;

	if (s->n == s->cap) {
		v = realloc(v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "a report");
		s->v = v;
		s->cap = cap;
	}
	v[s->n++] = (struct plot_point){ x, y };
	return 0;
}

/* A step of a log; a run that was resumed may have some steps twice. */
static int
add_step(struct training *t, struct json_val v, struct err *e)
{
	static const char *const names[SERIES] = { "loss", "valid_loss", "lr" };
	double step = json_double(json_get(v, "step"), 0);
	struct json_val y;
	size_t i;

	for (i = 0; i < SERIES; i++) {
		struct series *s = &t->series[i];

		y = json_get(v, names[i]);
		while (s->n && s->v[s->n - 1].x >= step)
			s->n--;
		if (json_type(y) == JSON_NUMBER &&
		    add_point(s, step, json_double(y, 0), e) < 0)
			return e->code;
	}
	t->unigram = json_double(json_get(v, "unigram_loss"), t->unigram);
	t->steps = json_u64(json_get(v, "step"), 0);
	t->tokens = json_u64(json_get(v, "tokens"), t->tokens);
	return 0;
}

/* Lines of a log; those without a step (notes) are not drawn. */
static int
add_log(struct report *r, struct str text, const char *name, struct err *e)
{
	struct training *t =
	    grow((void **)&r->trainings, &r->ntraining, sizeof(*t), e);
	const char *p = text.p, *end = text.p + text.n, *eol;
	struct json *j;
	size_t line;
	int rc = 0;

	if (!t)
		return e->code;
	t->name = copy_str(str_c(name));
	if (!t->name)
		return err_nomem(e, "a report");
	for (line = 1; rc == 0 && p < end; p = eol + 1, line++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		if (eol == p)
			continue;
		rc = json_parse(&j, p, (size_t)(eol - p), e);
		if (rc < 0)
			return err_prefix(e, "line %zu", line);
		if (json_type(json_get(json_root(j), "step")) == JSON_NUMBER)
			rc = add_step(t, json_root(j), e);
		json_free(j);
	}
	return rc;
}

static bool
is_log(struct str text)
{
	const char *eol = memchr(text.p, '\n', text.n);
	struct str line = { text.p, eol ? (size_t)(eol - text.p) : text.n };
	struct json *j;
	struct err e;
	bool is;

	if (!line.n || json_parse(&j, line.p, line.n, &e) < 0)
		return false;
	is = json_type(json_get(json_root(j), "step")) == JSON_NUMBER;
	json_free(j);
	return is;
}

/* Keeps the tree, of which tables are drawn. */
static int
add_drawn(struct report *r, struct json **j, const char *name, struct err *e)
{
	struct drawn *d = grow((void **)&r->drawn, &r->ndrawn, sizeof(*d), e);

	if (!d)
		return e->code;
	d->name = copy_str(str_c(name));
	d->json = *j;
	*j = NULL;
	return d->name ? 0 : err_nomem(e, "a report");
}

static const char stranger[] =
    "neither statistics (of --stats or quern stats) nor a training log";

static int
add_json(struct report *r, struct str text, const char *name, struct err *e)
{
	struct json *j;
	struct json_val v;
	bool run, drawn;
	int rc;

	if (json_parse(&j, text.p, text.n, e) < 0)
		return err_prefix(e, "%s", stranger);
	v = json_root(j);
	run = json_type(json_get(v, "records")) == JSON_OBJECT &&
	      json_str(json_get(v, "command")).p;
	drawn = json_get(v, "tables").doc;
	rc = 0;
	if (stats_is(v))
		rc = add_survey(r, v, name, e);
	else if (run)
		rc = add_run(r, v, e);
	else if (!drawn && json_str(json_get(v, "command")).p)
		drawn = true; /* of a command that judges no records */
	else if (!drawn)
		rc = err_set(e, ERR_FORMAT, "%s", stranger);
	if (rc == 0 && drawn)
		rc = add_drawn(r, &j, name, e);
	json_free(j);
	return rc;
}

int
report_add(struct report *r, const char *path, struct err *e)
{
	const char *name = path_base(path);
	struct str text;
	char *p;
	int rc;

	if (in_slurp(path, &p, &text.n, e) < 0)
		return e->code;
	text.p = p;
	if (is_log(text))
		rc = add_log(r, text, path, e);
	else
		rc = add_json(r, text, name, e);
	free(p);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

static void
put_fact(struct buf *out, const char *what)
{
	buf_printf(out, "</b>%s</div>", what);
}

/* The figures that one looks for first. */
static void
put_facts(const struct report *r, struct buf *out)
{
	const struct stage *first = r->nstage ? &r->stages[0] : NULL;
	uint64_t tokens = 0;
	size_t i;

	buf_puts(out, "<div class=\"facts\">");
	if (first) {
		buf_puts(out, "<div class=\"fact\"><b>");
		markup_count(out, first->in);
		put_fact(out, "records read first");
	}
	for (i = 0; i < r->nstage; i++)
		tokens += r->stages[i].tokens;
	if (tokens) {
		buf_puts(out, "<div class=\"fact\"><b>");
		markup_number(out, (double)tokens);
		put_fact(out, "tokens in shards");
	}
	for (i = 0; i < r->ntraining; i++) {
		const struct series *s = &r->trainings[i].series[SERIES_VALID];

		if (!s->n)
			continue;
		buf_puts(out, "<div class=\"fact\"><b>");
		markup_number(out, s->v[s->n - 1].y);
		put_fact(out, "validation loss at the end");
	}
	buf_puts(out, "</div>\n");
}

int
report_page(
    const struct report *r, struct str title, struct buf *out, struct err *e)
{
	size_t i;

	markup_begin(out, title);
	put_facts(r, out);
	if (section_stages(r, out, e) < 0 || section_reasons(r, out, e) < 0)
		return e->code;
	for (i = 0; i < r->ntraining; i++)
		section_training(&r->trainings[i], out);
	for (i = 0; i < r->ndrawn; i++)
		section_drawn(&r->drawn[i], out);
	for (i = 0; i < r->nsurvey; i++)
		if (section_survey(&r->surveys[i], out, e) < 0)
			return e->code;
	markup_end(out);
	return buf_ok(out, e);
}

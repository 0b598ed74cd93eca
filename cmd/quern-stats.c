/* SPDX-License-Identifier: MIT */
/* Measures documents: histograms, counts, samples; adds up what it measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "cmd.h"
#include "filter/signals.h"
#include "filter/strs.h"
#include "io/stream.h"
#include "report/stats.h"

enum { SNIPPET = 400 /* bytes of a sample's text */ };

static struct opt_common common;
static struct opt_list by_names, number_names;
static bool merge;

/* ctx of the workers. */
struct survey {
	struct strs by, numbers; /* members of metadata */
	struct stats stats;
};

struct worker {
	struct meter *meter;
	struct signals signals;
};

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	meter_free(w->meter);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (w)
		w->meter = meter_new();
	if (w && w->meter)
		return w;
	free(w);
	err_nomem(e, "threads");
	return NULL;
}

/*
 * What a worker hands to fold() of a document: its bytes, the signals, the
 * numbers (NaN: it has none), then strings (their length before them, NONE if
 * there is none): the members, the reason for which it was dropped, and if it
 * was, id, url, why and text.
 */
#define NONE UINT64_MAX

static void
put_str(struct buf *b, struct str s)
{
	uint64_t n = s.p ? s.n : NONE;

	buf_put(b, &n, sizeof(n));
	if (s.p)
		buf_str(b, s);
}

static void
put_double(struct buf *b, double v)
{
	buf_put(b, &v, sizeof(v));
}

/* Host of a URL in lower case, without user, port and "www."; or nothing. */
static struct str
domain(struct str url, struct arena *a)
{
	const char *end = url.p + url.n, *p = url.p, *q;
	struct str host;
	char *low;
	size_t i;

	while (p && p + 3 <= end && memcmp(p, "://", 3) != 0)
		p++;
	if (!p || p + 3 > end)
		return (struct str){ NULL, 0 };
	p += 3;
	for (q = p; q < end && *q != '/' && *q != '?' && *q != '#'; q++)
		if (*q == '@')
			p = q + 1;
	host = (struct str){ p, (size_t)(q - p) };
	q = host.n && *p == '[' ? memchr(p, ']', host.n)
				: memchr(p, ':', host.n);
	if (q)
		host.n = (size_t)(q - p) + (*q == ']');
	low = arena_alloc(a, host.n + 1);
	for (i = 0; low && i < host.n; i++)
		low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 32 : p[i]);
	host.p = low;
	if (low && str_starts(host, STR("www.")))
		host = (struct str){ low + 4, host.n - 4 };
	return host;
}

/* "filter/short" of a document that was dropped, or nothing. */
static struct str
reject_kind(const struct doc *d, struct arena *a)
{
	struct json_val reject = doc_meta(d, "reject");
	struct str stage = json_str(json_get(reject, "stage"));
	struct str rule = json_str(json_get(reject, "rule"));

	if (!stage.p || !rule.p)
		return (struct str){ NULL, 0 };
	return arena_printf(
	    a, "%.*s/%.*s", (int)stage.n, stage.p, (int)rule.n, rule.p);
}

static struct str
member(const struct doc *d, struct str name, struct arena *a)
{
	char key[256];
	struct json_val v;

	if (str_eq(name, STR("domain")))
		return domain(json_str(doc_meta(d, "url")), a);
	if (str_eq(name, STR("reject")))
		return reject_kind(d, a);
	snprintf(key, sizeof(key), "%.*s", (int)name.n, name.p);
	v = doc_meta(d, key);
	if (json_type(v) == JSON_BOOL)
		return json_bool(v, false) ? STR("true") : STR("false");
	return json_str(v);
}

static double
number(const struct doc *d, struct str name)
{
	char key[256];

	snprintf(key, sizeof(key), "%.*s", (int)name.n, name.p);
	return json_double(doc_meta(d, key), NAN);
}

/* The first bytes of a text, whole characters. */
static struct str
snippet(struct str text)
{
	if (text.n > SNIPPET) {
		text.n = SNIPPET;
		text.n = utf8_valid_prefix(text);
	}
	return text;
}

/* metadata.reject as it stands there. */
static int
reject_json(const struct doc *d, struct str *json, struct err *e)
{
	const struct doc_span *spans;
	size_t n, i;

	*json = STR("{}");
	if (!doc_spans(d, true, &spans, &n))
		return err_nomem(e, "a document");
	for (i = 0; i < n; i++)
		if (str_eq(spans[i].key, STR("reject")))
			*json = spans[i].value;
	return 0;
}

static int
put_sample(struct buf *b, const struct doc *d, struct err *e)
{
	struct str kind = reject_kind(d, d->arena), why;
	struct str url = json_str(doc_meta(d, "url"));

	put_str(b, kind);
	if (!kind.p)
		return 0;
	if (reject_json(d, &why, e) < 0)
		return e->code;
	put_str(b, d->id);
	put_str(b, url.p ? url : STR(""));
	put_str(b, why);
	put_str(b, snippet(d->text));
	return 0;
}

static int
measure(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct survey *s = ctx;
	struct worker *w = worker;
	struct buf *b = &em->side;
	uint64_t bytes = d->text.n;
	size_t i;

	if (meter_begin(w->meter, d->text, e) < 0 ||
	    meter_all(w->meter, WORDS_ENGLISH, &w->signals, e) < 0)
		return e->code;
	buf_put(b, &bytes, sizeof(bytes));
	buf_put(b, w->signals.v, sizeof(w->signals.v));
	for (i = 0; i < s->numbers.n; i++)
		put_double(b, number(d, s->numbers.v[i]));
	for (i = 0; i < s->by.n; i++)
		put_str(b, member(d, s->by.v[i], d->arena));
	if (put_sample(b, d, e) < 0)
		return e->code;
	return emit_keep(em, d, e);
}

static void
take(struct str *side, void *p, size_t n)
{
	memcpy(p, side->p, n);
	side->p += n;
	side->n -= n;
}

static struct str
take_str(struct str *side)
{
	struct str s = { NULL, 0 };
	uint64_t n;

	take(side, &n, sizeof(n));
	if (n != NONE) {
		s = (struct str){ side->p, n };
		side->p += n;
		side->n -= n;
	}
	return s;
}

static int
fold_numbers(struct stats *s, struct str *side, struct err *e)
{
	double v;
	size_t i;

	for (i = 0; i < s->nnumber; i++) {
		take(side, &v, sizeof(v));
		if (!isnan(v) && hist_add(&s->numbers[i].hist, v, 1, e) < 0)
			return e->code;
	}
	return 0;
}

static int
fold_members(struct stats *s, struct str *side, uint64_t bytes, struct err *e)
{
	struct str v;
	size_t i;

	for (i = 0; i < s->nby; i++) {
		v = take_str(side);
		if (v.p &&
		    counts_add(&s->by[i].counts, v, 1, bytes, s->limit, e) < 0)
			return err_prefix(e, "--by %s", s->by[i].name);
	}
	return 0;
}

static int
fold_sample(struct stats *s, struct str *side, struct err *e)
{
	struct str kind = take_str(side);
	struct sample x;
	size_t f;

	if (!kind.p)
		return 0;
	for (f = 0; f < SAMPLE_FIELDS; f++)
		x.field[f] = take_str(side);
	x.hash = hash64(x.field[SAMPLE_ID].p, x.field[SAMPLE_ID].n, 0);
	return samples_add(&s->samples, kind, &x, e);
}

static int
fold(void *ctx, struct str side, struct err *e)
{
	struct survey *s = ctx;
	struct stats *st = &s->stats;
	uint64_t bytes;

	while (side.n) {
		take(&side, &bytes, sizeof(bytes));
		st->bytes += bytes;
		if (fold_numbers(st, &side, e) < 0 ||
		    fold_members(st, &side, bytes, e) < 0 ||
		    fold_sample(st, &side, e) < 0)
			return e->code;
	}
	return 0;
}

/* What is measured, by name. */
static int
prepare(struct survey *s, struct err *e)
{
	static const char *const usual[] = { "language", "domain", "page_kind",
		"reject" };
	static const char *const score[] = { "language_score" };
	struct opt_list list = by_names;
	size_t i;
	int rc = 0;

	if (!list.n)
		list = (struct opt_list){ (const char **)usual, 4 };
	if (strs_split(&s->by, &list, "--by", e) < 0)
		return e->code;
	list = number_names;
	if (!list.n)
		list = (struct opt_list){ (const char **)score, 1 };
	if (strs_split(&s->numbers, &list, "--numbers", e) < 0)
		return e->code;
	for (i = 0; rc == 0 && i < SIGNALS; i++)
		rc = stats_add_number(&s->stats, str_c(signal_name(i)),
		    str_c(signal_about(i)), e);
	for (i = 0; rc == 0 && i < s->numbers.n; i++)
		rc = stats_add_number(
		    &s->stats, s->numbers.v[i], STR("of the metadata"), e);
	for (i = 0; rc == 0 && i < s->by.n; i++)
		rc = stats_add_by(&s->stats, s->by.v[i], e);
	return rc;
}

/* A file of statistics is added. */
static int
add_file(struct stats *sum, const char *path, struct err *e)
{
	struct stats one = { .limit = sum->limit };
	struct json *j;
	int rc;

	if (json_load(&j, path, e) < 0)
		return e->code == ERR_FORMAT
			   ? err_prefix(e, "no statistics of quern stats")
			   : e->code;
	rc = stats_read(&one, json_root(j), e);
	if (rc == 0)
		rc = stats_merge(sum, &one, e);
	json_free(j);
	stats_free(&one);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

static int
merge_files(const struct paths *paths, struct stats *sum, struct err *e)
{
	size_t i;

	for (i = 0; i < paths->n; i++)
		if (add_file(sum, paths->v[i], e) < 0)
			return e->code;
	return 0;
}

static const struct opt opts[] = {
	{ "by", 0, OPT_LIST, &by_names, "NAMES",
	    "count documents and bytes by these: any member of metadata that "
	    "is a text, domain (of its url), reject (stage and rule of what "
	    "was dropped); default language,domain,page_kind,reject",
	    NULL },
	{ "numbers", 0, OPT_LIST, &number_names, "NAMES",
	    "histograms of these members of metadata too; default "
	    "language_score",
	    NULL },
	{ "merge", 0, OPT_FLAG, &merge, NULL,
	    "the FILEs are statistics that this command wrote: add them up",
	    NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "stats",
	.args = "[FILE...]",
	.summary = "histograms and counts of documents, as JSON",
	.example = "quern stats -o docs.stats docs.jsonl.zst"
		   "\nquern stats --merge -o all.stats part-*.stats",
	.opts = opts,
	.common = shared,
};

/* What was measured becomes the run's output, which no document goes to. */
static int
write_stats(struct run *r, const struct stats *s, struct err *e)
{
	struct buf b = { 0 };
	int rc = stats_json(s, &b, e);

	if (rc == 0)
		rc = out_open(&r->out, common.out, e);
	if (rc == 0)
		rc = out_write(r->out, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
measure_files(struct survey *s, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = measure,
		.fold = fold };

	if (merge)
		return merge_files(&in->paths, &s->stats, e);
	if (prepare(s, e) < 0 || docs_run(in, &ops, s, r, e) < 0)
		return e->code;
	s->stats.documents = r->tally.kept;
	s->stats.damaged = r->tally.damaged;
	return 0;
}

/* What measures documents says nothing of statistics. */
static int
check_options(struct err *e)
{
	const char *name = by_names.n       ? "by"
			   : number_names.n ? "numbers"
			   : common.rejects ? "rejects"
			   : common.strict  ? "strict"
					    : NULL;

	return merge && name ? err_set(e, ERR_ARG,
				   "--merge adds statistics up; --%s is for "
				   "documents",
				   name)
			     : 0;
}

static int
run_files(struct survey *s, int argc, char **argv, struct err *e)
{
	struct docs in;
	struct run r;
	int rc;

	if (check_options(e) < 0 ||
	    docs_open(&in, argv + 1, argc, &common, e) < 0)
		return e->code;
	rc = run_open(&r, &cmd, &common, true, cmd_warn, e);
	if (rc == 0) {
		rc = measure_files(s, &in, &r, e);
		if (rc == 0)
			rc = write_stats(&r, &s->stats, e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, e);
		if (rc == 0 && !merge)
			cmd_closing(&r, "documents");
	}
	docs_close(&in);
	return rc;
}

int
main(int argc, char **argv)
{
	struct survey s = { 0 };
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	s.stats.limit = common.memory;
	rc = run_files(&s, argc, argv, &e);
	stats_free(&s.stats);
	strs_free(&s.by);
	strs_free(&s.numbers);
	return cmd_end(&cmd, rc, &e);
}

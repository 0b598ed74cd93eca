/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"
#include "dedup/budget.h"
#include "dedup/decontam.h"
#include "dedup/evals.h"
#include "dedup/found.h"
#include "dedup/overlap.h"
#include "io/docs.h"
#include "io/stream.h"

struct decontam {
	const struct decontam_opt *opt;
	enum { DROP, MASK, REPORT } action;
	struct budget budget;
	struct evals evals;
	struct found found;
	uint64_t documents, places; /* contaminated */
};

struct worker {
	struct overlaps overlaps;
	struct buf json, text;
};

/* What a document says to the fold: its id and n struct overlap follow. */
struct side {
	uint64_t nid, n, nleaked, nplace;
};

static void
free_worker(void *worker)
{
	struct worker *w = worker;

	overlaps_free(&w->overlaps);
	buf_free(&w->json);
	buf_free(&w->text);
	free(w);
}

static void *
new_worker(void *ctx, struct err *e)
{
	const struct decontam *c = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	if (overlaps_init(&w->overlaps, &c->evals, e) == 0)
		return w;
	free_worker(w);
	return NULL;
}

/* The leaked passage of which most is there; the first of several. */
static const struct overlap *
worst_of(const struct decontam *c, const struct overlaps *o, double *share)
{
	const struct overlap *x, *worst = NULL;
	double s;

	*share = 0;
	for (x = o->v; x < o->v + o->n; x++) {
		s = (double)x->n / c->evals.passages[x->passage].n;
		if (!x->leaked || s <= *share)
			continue;
		worst = x;
		*share = s;
	}
	return worst;
}

/* {"of":"file:17","field":"question","overlap":1,"texts":2,"spans":[[s,e]]} */
static void
describe(const struct decontam *c, const struct overlaps *o, struct buf *b)
{
	double share;
	const struct overlap *x = worst_of(c, o, &share);
	const struct eval_text *t = found_text(&c->found, x->passage);
	const struct eval_item *i = &c->evals.items[t->item];
	size_t k;

	buf_clear(b);
	buf_puts(b, "{\"of\":");
	buf_json_lossy(b, str_c(i->file));
	buf_printf(b, ",\"record\":%" PRIu64 ",\"field\":", i->record);
	buf_json_lossy(b, str_c(t->field));
	buf_puts(b, ",\"overlap\":");
	buf_double(b, share);
	buf_printf(b, ",\"texts\":%zu,\"spans\":[", o->nleaked);
	for (k = 0; k < o->nplace; k++)
		buf_printf(b, "%s[%u,%u]", k ? "," : "", o->places[k].start,
		    o->places[k].end);
	buf_puts(b, "]}");
}

static int
drop(const struct decontam *c, struct worker *w, struct doc *d, struct emit *em,
    struct err *e)
{
	struct reason why = { .rule = "contaminated",
		.has_value = true,
		.threshold = c->opt->overlap,
		.detail = buf_view(&w->json) };

	worst_of(c, &w->overlaps, &why.value);
	return emit_drop(em, d, &why, e);
}

static void
mask(struct worker *w, struct doc *d)
{
	const struct overlaps *o = &w->overlaps;
	size_t i, at = 0;

	buf_clear(&w->text);
	for (i = 0; i < o->nplace; i++) {
		buf_put(&w->text, d->text.p + at, o->places[i].start - at);
		buf_puts(&w->text, DECONTAM_MASK);
		at = o->places[i].end;
	}
	buf_put(&w->text, d->text.p + at, d->text.n - at);
	doc_set_text(d, buf_view(&w->text));
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct decontam *c = ctx;
	struct worker *w = worker;
	struct overlaps *o = &w->overlaps;
	struct side s = { .nid = d->id.n };

	if (overlaps_of(o, d->text, e) < 0)
		return e->code;
	if (o->n == 0)
		return emit_keep(em, d, e);
	if (o->nleaked && overlaps_places(o, e) < 0)
		return e->code;
	s.n = o->n;
	s.nleaked = o->nleaked;
	s.nplace = o->nplace;
	buf_put(&em->side, &s, sizeof(s));
	buf_str(&em->side, d->id);
	buf_put(&em->side, o->v, o->n * sizeof(*o->v));
	if (o->nleaked == 0)
		return emit_keep(em, d, e);
	describe(c, o, &w->json);
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	if (c->action == DROP)
		return drop(c, w, d, em, e);
	doc_set_json(d, "decontam", buf_view(&w->json));
	if (c->action == MASK)
		mask(w, d);
	return buf_ok(&w->text, e) < 0 ? e->code : emit_keep(em, d, e);
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct decontam *c = ctx;
	struct overlap x;
	struct side s;
	struct str id;
	uint64_t i;

	while (side.n) {
		memcpy(&s, side.p, sizeof(s));
		id = (struct str){ side.p + sizeof(s), s.nid };
		c->documents += s.nleaked > 0;
		c->places += s.nplace;
		for (i = 0; i < s.n; i++) {
			memcpy(&x, id.p + id.n + i * sizeof(x), sizeof(x));
			if (found_add(&c->found, id, &x, e) < 0)
				return e->code;
		}
		i = sizeof(s) + s.nid + s.n * sizeof(x);
		side.p += i;
		side.n -= i;
	}
	return 0;
}

/* The next name in "a,b"; false at the end. */
static bool
next_name(struct str *list, struct str *name)
{
	const char *comma;

	if (list->n == 0)
		return false;
	comma = memchr(list->p, ',', list->n);
	name->p = list->p;
	name->n = comma ? (size_t)(comma - list->p) : list->n;
	list->p += name->n + (comma != NULL);
	list->n -= name->n + (comma != NULL);
	return true;
}

enum { MAX_FIELDS = 64 };

static int
split_fields(const struct opt_list *l, struct str fields[MAX_FIELDS], size_t *n,
    struct err *e)
{
	struct str list, name;
	size_t i;

	*n = 0;
	for (i = 0; i < l->n; i++) {
		list = str_c(l->v[i]);
		while (next_name(&list, &name)) {
			if (name.n == 0 || *n == MAX_FIELDS)
				return err_set(e, ERR_ARG,
				    "option --fields: '%s': an empty name, or "
				    "more than %d",
				    l->v[i], MAX_FIELDS);
			fields[(*n)++] = name;
		}
	}
	return 0;
}

/* The evaluation files of one --against. */
static int
read_operand(struct decontam *c, const char *operand, const struct str *fields,
    size_t nfield, struct err *e)
{
	char *arg = (char *)(uintptr_t)operand;
	struct paths paths = { 0 };
	size_t i;
	int rc = paths_expand(&paths, &arg, 1, NULL, e);

	/* A measurement that looks for nothing would find nothing. */
	if (rc == 0 && paths.n == 0)
		rc = err_set(
		    e, ERR_FORMAT, "%s: no file is in this folder", operand);
	for (i = 0; rc == 0 && i < paths.n; i++)
		rc = evals_read(&c->evals, paths.v[i], fields, nfield, e);
	paths_free(&paths);
	return rc;
}

static int
read_all(struct decontam *c, struct err *e)
{
	const struct opt_list *l = &c->opt->against;
	struct str fields[MAX_FIELDS];
	size_t i, n;
	int rc = split_fields(&c->opt->fields, fields, &n, e);

	for (i = 0; rc == 0 && i < l->n; i++)
		rc = read_operand(c, l->v[i], fields, n, e);
	return rc < 0 ? rc : evals_index(&c->evals, e);
}

static int
check_options(const struct decontam_opt *o, struct err *e)
{
	if (o->against.n == 0)
		return err_set(
		    e, ERR_ARG, "no evaluation set: give --against FILE");
	if (o->ngram < 1 || o->ngram > EVAL_MAX_NGRAM)
		return err_set(e, ERR_ARG, "option --ngram: %d is not in 1..%d",
		    o->ngram, EVAL_MAX_NGRAM);
	if (!(o->overlap > 0 && o->overlap <= 1))
		return err_set(e, ERR_ARG,
		    "option --overlap: %g is no share, over 0 and up to 1",
		    o->overlap);
	return 0;
}

static int
add_stats(const struct decontam *c, struct run *r, struct err *e)
{
	const struct found_counts n = found_count(&c->found);

	buf_printf(&r->extra,
	    "\"items\":%zu,\"items_leaked\":%" PRIu64
	    ",\"items_too_short\":%" PRIu64 ",\"items_without_text\":%" PRIu64
	    ",\"texts\":%zu,\"contaminated\":%" PRIu64 ",\"spans\":%" PRIu64
	    ",",
	    c->evals.nitem, n.leaked, n.too_short, n.without, c->evals.ntext,
	    c->documents, c->places);
	return buf_ok(&r->extra, e);
}

static int
run_all(struct decontam *c, struct docs *in, struct out *report, struct run *r,
    struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = judge,
		.fold = collect };
	uint64_t n = r->opt->threads > 1 ? (uint64_t)r->opt->threads : 1;

	if (read_all(c, e) < 0 ||
	    budget_take(
		&c->budget, n * overlaps_bytes(&c->evals), "threads", e) < 0 ||
	    found_init(&c->found, &c->evals, e) < 0 ||
	    docs_run(in, &ops, c, r, e) < 0)
		return e->code;
	if (report && (found_write(&c->found, report, e) < 0 ||
			  out_finish(report, e) < 0))
		return e->code;
	return add_stats(c, r, e);
}

int
decontam(struct docs *in, struct run *r, const struct decontam_opt *opt,
    struct err *e)
{
	struct decontam c = { .opt = opt };
	struct out *report = NULL;
	int rc = check_options(opt, e);

	if (rc < 0)
		return rc;
	c.action = strcmp(opt->action, "mask") == 0     ? MASK
		   : strcmp(opt->action, "report") == 0 ? REPORT
							: DROP;
	evals_init(&c.evals, &c.budget, (size_t)opt->ngram, opt->overlap);
	rc = budget_init(&c.budget, r->opt, e);
	if (rc == 0 && opt->report)
		rc = out_open(&report, opt->report, e);
	if (rc == 0)
		rc = run_all(&c, in, report, r, e);
	if (rc == 0 && report)
		rc = out_rename(report, e);
	out_close(report);
	found_free(&c.found);
	evals_free(&c.evals);
	return rc;
}

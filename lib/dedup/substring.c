/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/par.h"
#include "dedup/anchors.h"
#include "dedup/budget.h"
#include "dedup/cover.h"
#include "dedup/finder.h"
#include "dedup/parts.h"
#include "dedup/prefer.h"
#include "dedup/roster.h"
#include "dedup/spanfile.h"
#include "dedup/substring.h"
#include "dedup/twice.h"
#include "io/docs.h"

enum { MIN_BYTES = 16, MAX_BYTES = 10000 };

/* Of anchors that come once so many may be taken for others. */
#define SPURIOUS (1. / 16)

/* Bytes that a batch has for us beside what budget_init() counts. */
enum { PER_BATCH = 4 << 20 };

/* Bytes that a part of the pieces should have: its suffixes fit the caches. */
enum { PART_BYTES = 16 << 20, WORST = 12 /* times that, in memory */ };

/*
 * What the third pass says of n windows from a place on; their text follows.
 * local: they stand before in the same document, from `from` on.
 */
struct found {
	uint64_t place, from; /* from is else the anchor's hash */
	uint32_t n;
	bool local;
};

/* What the last pass says of a document. */
struct did {
	uint64_t line, spans, bytes;
};

struct substring {
	const struct substring_opt *opt;
	bool cut;
	size_t width;
	int threads;
	struct prefer prefer;
	struct budget budget;
	struct roster roster;
	uint64_t bytes;   /* of text, */
	uint64_t stretch; /* since the last stretch began */
	struct twice twice;
	struct parts parts;
	struct spanfile spans;
	struct digest lines; /* of the last pass */
	uint64_t nspan, ncut;
};

/* Pieces that a document had last, by their anchors' hashes. */
enum { LATEST = 64 };

struct worker {
	struct anchors anchors;
	struct buf rank, text, json;
	struct anchor_run latest[LATEST];
	struct spanfile_reader spans;
	struct cover cover;
};

static void
free_worker(void *worker)
{
	struct worker *w = worker;

	anchors_free(&w->anchors);
	buf_free(&w->rank);
	buf_free(&w->text);
	buf_free(&w->json);
	spanfile_reader_free(&w->spans);
	cover_free(&w->cover);
	free(w);
}

static void *
new_worker(void *ctx, struct err *e)
{
	const struct substring *s = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		err_nomem(e, "threads");
	else if (anchors_init(&w->anchors, s->width, e) == 0)
		return w;
	free(w);
	return NULL;
}

/* First pass: who there is, and bytes of text. */
static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct substring *s = ctx;
	struct worker *w = worker;
	uint64_t bytes = d->text.n;

	if (roster_note(em, d, &s->prefer, &w->rank, e) < 0)
		return e->code;
	buf_put(&em->side, &bytes, sizeof(bytes));
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct substring *s = ctx;
	uint32_t ordinal;
	uint64_t bytes;

	while (side.n) {
		if (roster_take(&s->roster, &side, &ordinal, e) < 0)
			return e->code;
		memcpy(&bytes, side.p, sizeof(bytes));
		side.p += sizeof(bytes);
		side.n -= sizeof(bytes);
		s->bytes += bytes;
		s->stretch += bytes;
		if (s->stretch <= s->budget.limit / 64)
			continue;
		s->stretch = 0;
		if (spanfile_stretch(&s->spans, ordinal, e) < 0)
			return e->code;
	}
	return 0;
}

/* Second pass: anchors. */
static int
count(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct worker *w = worker;
	struct anchor_run r;

	(void)ctx;
	(void)e;
	anchors_begin(&w->anchors, d->text);
	while (anchors_next(&w->anchors, &r))
		buf_put(&em->side, &r.hash, sizeof(r.hash));
	return 0;
}

static int
add_all(void *ctx, struct str side, struct err *e)
{
	struct substring *s = ctx;

	(void)e;
	twice_add(&s->twice, (const uint64_t *)(const void *)side.p,
	    side.n / sizeof(uint64_t));
	return 0;
}

/*
 * Does the piece stand before in the document?  Text with a short period has
 * an anchor for each window, and pieces that are all alike.
 */
static bool
stands_before(struct worker *w, const struct substring *s, struct str text,
    const struct anchor_run *r, uint32_t *from)
{
	struct anchor_run *last = &w->latest[r->hash % LATEST];
	size_t n = s->width - 1 + r->n;
	bool same = last->n == r->n && last->hash == r->hash &&
		    memcmp(text.p + last->start, text.p + r->start, n) == 0;

	*from = last->start;
	*last = *r;
	return same;
}

static void
put_found(const struct substring *s, uint64_t base, bool local, uint32_t from,
    const struct anchor_run *r, struct str text, struct emit *em)
{
	struct found f = { .place = base + r->start,
		.from = local ? base + from : r->hash,
		.n = r->n,
		.local = local };

	buf_put(&em->side, &f, sizeof(f));
	if (!local)
		buf_put(&em->side, text.p + r->start, s->width - 1 + r->n);
}

/* Third pass: the text around anchors that come twice. */
static int
gather(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct substring *s = ctx;
	struct worker *w = worker;
	struct anchor_run r;
	uint32_t from;
	bool local;

	if (d->ordinal >= s->roster.nv)
		return err_set(
		    e, ERR_IO, "the input changed while it was read");
	memset(w->latest, 0, sizeof(w->latest));
	anchors_begin(&w->anchors, d->text);
	while (anchors_next(&w->anchors, &r)) {
		if (!twice_has(&s->twice, r.hash))
			continue;
		local = stands_before(w, s, d->text, &r, &from);
		put_found(s, (uint64_t)s->roster.place[d->ordinal] << 32, local,
		    from, &r, d->text, em);
	}
	return 0;
}

/* n windows of a document stand from `from` on, too. */
static int
put_span(struct substring *s, uint64_t place, uint64_t from, uint32_t n,
    struct err *e)
{
	struct span x = { .doc = s->roster.order[place >> 32],
		.start = (uint32_t)place,
		.n = n,
		.from = from };

	return spanfile_put(&s->spans, &x, e);
}

static int
put_piece(struct substring *s, const struct finder_piece *t, const char *text,
    struct err *e)
{
	size_t part = mix64(t->anchor) % s->parts.n;

	if (parts_put(&s->parts, part, t, sizeof(*t), e) < 0)
		return e->code;
	return parts_put(&s->parts, part, text, t->n, e);
}

static int
store(void *ctx, struct str side, struct err *e)
{
	struct substring *s = ctx;
	struct found f;
	struct finder_piece t;
	size_t n;
	int rc;

	for (; side.n; side.p += n, side.n -= n) {
		memcpy(&f, side.p, sizeof(f));
		n = sizeof(f);
		if (f.local) {
			rc = put_span(s, f.place, f.from, f.n, e);
		} else {
			t = (struct finder_piece){ f.place, f.from,
				s->width - 1 + f.n };
			rc = put_piece(s, &t, side.p + sizeof(f), e);
			n += t.n;
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What a part came to. */
static int
store_spans(struct substring *s, const struct finder *f, struct err *e)
{
	struct str side = buf_view(&f->spans);
	struct finder_span x;

	for (; side.n; side.p += sizeof(x), side.n -= sizeof(x)) {
		memcpy(&x, side.p, sizeof(x));
		if (put_span(s, x.place, x.from, (uint32_t)x.n, e) < 0)
			return e->code;
	}
	return 0;
}

/* Any thread, any part: the spans are sorted later. */
static int
judge_parts(struct substring *s, struct finder *v, struct err *e)
{
	int bad = 0;
	size_t i;

#pragma omp parallel for num_threads(s->threads) schedule(dynamic)
	for (i = 0; i < s->parts.n; i++) {
		struct finder *f = &v[omp_get_thread_num()];
		struct err mine;
		int rc = finder_part(f, &s->parts, i, s->width, &mine);

#pragma omp critical(dedup_substring)
		{
			if (rc == 0 && !bad)
				rc = store_spans(s, f, &mine);
			if (rc < 0 && !bad) {
				bad = rc;
				*e = mine;
			}
		}
	}
	return bad;
}

static int
find_spans(struct substring *s, struct err *e)
{
	size_t i, n = (size_t)s->threads;
	/* An eighth for the lists of what is where on disk. */
	uint64_t left = (s->budget.limit - s->budget.used) / 8 * 7 / n;
	struct finder *v = calloc(n, sizeof(*v));
	int rc;

	if (!v)
		return err_nomem(e, "threads");
	for (i = 0; i < n; i++)
		v[i].budget.limit = left;
	rc = judge_parts(s, v, e);
	for (i = 0; i < n; i++)
		finder_free(&v[i]);
	free(v);
	parts_free(&s->parts);
	return rc < 0 ? rc : spanfile_sort(&s->spans, e);
}

/* {"bytes":80,"spans":[{"start":0,"end":80,"of":"mill-1","at":9}]} */
static int
describe(const struct substring *s, struct worker *w, struct err *e)
{
	const struct range *r;
	struct buf *b = &w->json;

	buf_clear(b);
	buf_printf(b, "{\"bytes\":%" PRIu64 ",\"spans\":[", w->cover.bytes);
	for (r = w->cover.v; r < w->cover.v + w->cover.n; r++) {
		buf_printf(b,
		    "%s{\"start\":%" PRIu32 ",\"end\":%" PRIu32 ",\"of\":",
		    r > w->cover.v ? "," : "", r->start, r->end);
		buf_json_lossy(
		    b, s->roster.v[s->roster.order[r->from >> 32]].id);
		buf_printf(b, ",\"at\":%" PRIu32 "}", (uint32_t)r->from);
	}
	buf_puts(b, "]}");
	return buf_ok(b, e);
}

/* The text without what is covered; does anything of it show? */
static bool
cut_text(struct worker *w, struct str text)
{
	const struct range *r;
	size_t i, from = 0;

	buf_clear(&w->text);
	for (r = w->cover.v; r < w->cover.v + w->cover.n; r++) {
		buf_put(&w->text, text.p + from, r->start - from);
		from = r->end;
	}
	buf_put(&w->text, text.p + from, text.n - from);
	for (i = 0; i < w->text.n; i++)
		if (!strchr(" \t\n\v\f\r", w->text.p[i]))
			return true;
	return false;
}

static int
edit(const struct substring *s, struct worker *w, struct doc *d,
    struct emit *em, struct err *e)
{
	if (describe(s, w, e) < 0)
		return e->code;
	if (s->cut && !cut_text(w, d->text))
		return emit_drop(em, d,
		    &(struct reason){ .rule = "all_text_duplicate",
			.has_value = true,
			.value = 0,
			.threshold = 1,
			.detail = buf_view(&w->json) },
		    e);
	if (buf_ok(&w->text, e) < 0)
		return e->code;
	if (s->cut)
		doc_set_text(d, buf_view(&w->text));
	doc_set_json(d, "dedup_substring", buf_view(&w->json));
	return emit_keep(em, d, e);
}

/* Last pass. */
static int
cut(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct substring *s = ctx;
	struct worker *w = worker;
	struct did did = { .line = hash64(d->line.p, d->line.n, 0) };

	if (d->ordinal >= s->roster.nv)
		return err_set(
		    e, ERR_IO, "the input changed while it was read");
	if (spanfile_of(&s->spans, (uint32_t)d->ordinal, &w->spans, e) < 0 ||
	    cover_of(&w->cover, w->spans.v, w->spans.n, s->width,
		s->roster.place[d->ordinal], d->text, e) < 0)
		return e->code;
	did.spans = w->cover.n;
	did.bytes = w->cover.bytes;
	buf_put(&em->side, &did, sizeof(did));
	return w->cover.n ? edit(s, w, d, em, e) : emit_keep(em, d, e);
}

static int
sum_up(void *ctx, struct str side, struct err *e)
{
	struct substring *s = ctx;
	struct did did;

	(void)e;
	for (; side.n; side.p += sizeof(did), side.n -= sizeof(did)) {
		memcpy(&did, side.p, sizeof(did));
		digest_add(&s->lines, did.line);
		s->nspan += did.spans;
		s->ncut += did.bytes;
	}
	return 0;
}

/*
 * So many parts that each fits its thread, at worst, in half of the memory that
 * is left; their chunks have a quarter.  Few large parts are best for the disk.
 */
static int
open_parts(struct substring *s, struct err *e)
{
	uint64_t left = s->budget.limit - s->budget.used;
	uint64_t fits = left / 2 / (uint64_t)s->threads / WORST, n, chunk;

	if (fits > PART_BYTES)
		fits = PART_BYTES;
	n = s->bytes * 4 / (fits + 1) + 1;
	chunk = left / 4 / n;
	if (chunk > PART_MOST)
		chunk = PART_MOST;
	if (chunk < PART_LEAST) {
		chunk = PART_LEAST;
		n = left / 4 / chunk + 1;
	}
	return parts_init(&s->parts, &s->budget, n, chunk, e);
}

static int
find_anchors(struct substring *s, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops second = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = count,
		.fold = add_all };
	static const struct docs_ops third = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = gather,
		.fold = store };
	/* A run of windows has a quarter of the width, on average. */
	uint64_t n = s->bytes * 4 / s->width + s->roster.nv;

	if (spanfile_begin(&s->spans, e) < 0 ||
	    twice_init(&s->twice, &s->budget, n, SPURIOUS,
		(s->budget.limit - s->budget.used) / 4, e) < 0 ||
	    docs_scan(in, &second, s, r, e) < 0 || open_parts(s, e) < 0 ||
	    docs_scan(in, &third, s, r, e) < 0)
		return e->code;
	twice_free(&s->twice);
	return find_spans(s, e);
}

static int
run_all(struct substring *s, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops first = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	static const struct docs_ops last = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = cut,
		.fold = sum_up };

	if (docs_scan(in, &first, s, r, e) < 0 ||
	    roster_sort(&s->roster, e) < 0 || find_anchors(s, in, r, e) < 0 ||
	    docs_run(in, &last, s, r, e) < 0)
		return e->code;
	if (s->lines.lines != s->roster.lines.lines)
		return err_set(e, ERR_IO,
		    "the input changed between the first pass over it and the "
		    "last");
	buf_printf(&r->extra, "\"spans\":%" PRIu64 ",\"%s\":%" PRIu64 ",",
	    s->nspan, s->cut ? "bytes_cut" : "bytes_marked", s->ncut);
	return buf_ok(&r->extra, e);
}

int
dedup_substring(struct docs *in, struct run *r, const struct substring_opt *opt,
    struct err *e)
{
	struct substring s = { .opt = opt,
		.cut = strcmp(opt->action, "cut") == 0,
		.width = (size_t)opt->least,
		.threads = r->opt->threads > 1 ? r->opt->threads : 1 };
	int rc = prefer_parse(&s.prefer, opt->prefer, e);

	if (rc < 0)
		return rc;
	if (opt->least < MIN_BYTES || opt->least > MAX_BYTES)
		return err_set(e, ERR_ARG,
		    "option --least: %d is not in %d..%d", opt->least,
		    MIN_BYTES, MAX_BYTES);
	rc = budget_init(&s.budget, r->opt, e);
	if (rc == 0)
		rc = budget_take(&s.budget,
		    par_jobs(s.threads) * (uint64_t)PER_BATCH, "batches", e);
	if (rc < 0)
		return rc;
	spanfile_init(&s.spans, &s.budget);
	roster_init(&s.roster, &s.budget);
	rc = run_all(&s, in, r, e);
	twice_free(&s.twice);
	parts_free(&s.parts);
	spanfile_free(&s.spans);
	roster_free(&s.roster);
	return rc;
}

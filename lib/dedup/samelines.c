/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/bloom.h"
#include "dedup/budget.h"
#include "dedup/prefer.h"
#include "dedup/roster.h"
#include "dedup/samelines.h"
#include "dedup/units.h"
#include "io/docs.h"

enum { MAX_WORDS = 1000, MAX_SPAN = 100, MAX_NAMED = 8, SENTENCES = 3 };

/* What the first pass says behind a document: hashes follow. */
struct seen {
	uint64_t n, once;
};

/* What the last pass says of one. */
struct did {
	uint64_t line, cut, bytes;
};

struct lines {
	const struct lines_opt *opt;
	bool sentences;
	size_t span, least;
	struct prefer prefer;
	struct budget budget;
	struct roster roster;
	struct twice twice; /* with --bloom */
	uint64_t *hash;     /* open addressing; 0: empty */
	uint32_t *owner;    /* the document that keeps it */
	size_t n, mask;
	uint64_t once; /* spans that are not remembered */
	uint64_t digest, cut, bytes;
};

struct worker {
	struct units units;
	bool *cut; /* by unit */
	size_t cut_cap;
	struct buf rank, text, json;
	uint64_t *set; /* hashes of lines kept; open addressing */
	size_t set_cap, set_mask;
	uint32_t named[MAX_NAMED];
	size_t nnamed;
};

static void *
new_worker(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
free_worker(void *worker)
{
	struct worker *w = worker;

	units_free(&w->units);
	free(w->cut);
	buf_free(&w->rank);
	buf_free(&w->text);
	buf_free(&w->json);
	free(w->set);
	free(w);
}

/* Is a span told apart at all? 0 is none; the filter knows those that are
 * alone. */
static bool
is_known(const struct lines *l, uint64_t h)
{
	return h && (!l->twice.words || twice_has(&l->twice, h));
}

/* The hashes of a document's spans, for the filter. */
static int
hashes(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct worker *w = worker;
	size_t i, n;
	uint64_t h;

	if (units_of(&w->units, d->text, l->sentences, e) < 0)
		return e->code;
	n = units_spans(&w->units, l->span);
	for (i = 0; i < n; i++) {
		h = units_hash(&w->units, i, l->span, l->least);
		if (h)
			buf_put(&em->side, &h, sizeof(h));
	}
	return 0;
}

static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct worker *w = worker;
	struct seen s = { 0 };
	size_t i, n, at;
	uint64_t h;

	if (roster_note(em, d, &l->prefer, &w->rank, e) < 0 ||
	    units_of(&w->units, d->text, l->sentences, e) < 0)
		return e->code;
	at = em->side.n;
	buf_put(&em->side, &s, sizeof(s));
	n = units_spans(&w->units, l->span);
	for (i = 0; i < n; i++) {
		h = units_hash(&w->units, i, l->span, l->least);
		if (is_known(l, h)) {
			buf_put(&em->side, &h, sizeof(h));
			s.n++;
		} else {
			s.once += h != 0;
		}
	}
	if (buf_ok(&em->side, e) < 0)
		return e->code;
	memcpy(em->side.p + at, &s, sizeof(s));
	return 0;
}

static size_t
place_of(const struct lines *l, uint64_t h)
{
	size_t i = h & l->mask;

	while (l->hash[i] && l->hash[i] != h)
		i = (i + 1) & l->mask;
	return i;
}

/* Twice the places; or the first ones. */
static int
grow(struct lines *l, struct err *e)
{
	struct lines old = *l;
	size_t i, at, had = l->hash ? l->mask + 1 : 0, n = had ? 2 * had : 1024;

	l->hash = budget_calloc(&l->budget, n, sizeof(*l->hash), "lines", e);
	l->owner = l->hash ? budget_calloc(
				 &l->budget, n, sizeof(*l->owner), "lines", e)
			   : NULL;
	if (!l->owner) {
		free(l->hash);
		l->hash = old.hash;
		l->owner = old.owner;
		return e->code;
	}
	l->mask = n - 1;
	for (i = 0; i < had; i++) {
		if (!old.hash[i])
			continue;
		at = place_of(l, old.hash[i]);
		l->hash[at] = old.hash[i];
		l->owner[at] = old.owner[i];
	}
	free(old.hash);
	free(old.owner);
	budget_give(&l->budget, had * (sizeof(*l->hash) + sizeof(*l->owner)));
	return 0;
}

/*
 * The document has this span.  Documents are numbered by preference only when
 * all are known, so owners are compared as they come.
 */
static int
claim(struct lines *l, uint64_t h, uint32_t doc, struct err *e)
{
	const struct roster_doc *v = l->roster.v;
	size_t at;

	if ((!l->hash || l->n + 1 > l->mask / 3 * 2) && grow(l, e) < 0)
		return e->code;
	at = place_of(l, h);
	if (!l->hash[at]) {
		l->hash[at] = h;
		l->owner[at] = doc;
		l->n++;
	} else if (roster_cmp(&v[doc], &v[l->owner[at]]) < 0) {
		l->owner[at] = doc;
	}
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct lines *l = ctx;
	uint32_t ordinal;
	struct seen s;
	uint64_t i, h;

	while (side.n) {
		if (roster_take(&l->roster, &side, &ordinal, e) < 0)
			return e->code;
		memcpy(&s, side.p, sizeof(s));
		side.p += sizeof(s);
		for (i = 0; i < s.n; i++, side.p += sizeof(h)) {
			memcpy(&h, side.p, sizeof(h));
			if (claim(l, h, ordinal, e) < 0)
				return e->code;
		}
		side.n -= sizeof(s) + s.n * sizeof(h);
		l->once += s.once;
	}
	return 0;
}

/* An empty set with room for n hashes, at most half full. */
static int
clear_set(struct worker *w, size_t n, struct err *e)
{
	size_t cap = 64;
	uint64_t *more;

	while (cap / 2 < n)
		cap *= 2;
	if (cap > w->set_cap) {
		more = realloc(w->set, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "lines");
		w->set = more;
		w->set_cap = cap;
	}
	memset(w->set, 0, cap * sizeof(*w->set));
	w->set_mask = cap - 1;
	return 0;
}

/* Puts h into the set; false if it is there already. */
static bool
put_new(struct worker *w, uint64_t h)
{
	size_t mask = w->set_mask, i = h & mask;

	while (w->set[i] && w->set[i] != h)
		i = (i + 1) & mask;
	if (w->set[i])
		return false;
	w->set[i] = h;
	return true;
}

static void
name_owner(struct worker *w, uint32_t owner)
{
	size_t i;

	for (i = 0; i < w->nnamed; i++)
		if (w->named[i] == owner)
			return;
	if (w->nnamed < MAX_NAMED)
		w->named[w->nnamed++] = owner;
}

/* Does a span of document `doc` stay there? */
static bool
stays(const struct lines *l, struct worker *w, uint64_t h, uint64_t doc)
{
	size_t at;

	if (!is_known(l, h))
		return true;
	at = place_of(l, h);
	/* Empty only if the input changed, which is told at the end. */
	if (!l->hash[at] || (l->owner[at] == doc && put_new(w, h)))
		return true;
	name_owner(w, l->owner[at]);
	return false;
}

/* What happened to a document. */
struct edit {
	uint64_t units, cut, bytes;
	uint64_t left; /* units with words that stay */
};

/* Fill w->cut: the units of every span that does not stay. */
static int
mark_cut(
    const struct lines *l, struct worker *w, const struct doc *d, struct err *e)
{
	struct units *u = &w->units;
	size_t i, k, n;
	bool *cut;

	if (units_of(u, d->text, l->sentences, e) < 0)
		return e->code;
	n = units_spans(u, l->span);
	if (clear_set(w, n, e) < 0)
		return e->code;
	if (w->cut_cap < u->n) {
		cut = realloc(w->cut, u->n * 2 * sizeof(*cut));
		if (!cut)
			return err_nomem(e, "lines");
		w->cut = cut;
		w->cut_cap = u->n * 2;
	}
	if (u->n)
		memset(w->cut, 0, u->n * sizeof(*w->cut));
	w->nnamed = 0;
	for (i = 0; i < n; i++)
		if (!stays(
			l, w, units_hash(u, i, l->span, l->least), d->ordinal))
			for (k = i; k < i + l->span; k++)
				w->cut[u->worded[k]] = true;
	return 0;
}

/* Lines that stay, parted by LF. */
static void
join_lines(struct worker *w, struct str text)
{
	const struct text_unit *x;
	size_t i, kept = 0;

	for (i = 0; i < w->units.n; i++) {
		x = &w->units.v[i];
		if (w->cut[i])
			continue;
		if (kept++)
			buf_putc(&w->text, '\n');
		buf_put(&w->text, text.p + x->start, x->end - x->start);
	}
}

static size_t
count_lf(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/*
 * Sentences that stay, parted by the white space with the most line ends that
 * was between them: paragraphs stay apart.
 */
static void
join_sentences(struct worker *w, struct str text)
{
	const struct units *u = &w->units;
	const struct text_unit *x;
	struct str gap = { text.p, u->n ? u->v[0].start : text.n }, next;
	size_t i, kept = 0;

	for (i = 0; i < u->n; i++) {
		x = &u->v[i];
		next = (struct str){ text.p + x->end,
			(i + 1 < u->n ? x[1].start : text.n) - x->end };
		if (!w->cut[i]) {
			buf_str(&w->text, gap);
			buf_put(&w->text, text.p + x->start, x->end - x->start);
			gap = next;
			kept++;
		} else if (kept && count_lf(next) > count_lf(gap)) {
			gap = next;
		}
	}
	/* A blank before a sentence that is gone is none of the last one's. */
	if (u->n == 0 || !w->cut[u->n - 1] || count_lf(gap))
		buf_str(&w->text, gap);
}

static int
cut_units(const struct lines *l, struct worker *w, const struct doc *d,
    struct edit *x, struct err *e)
{
	const struct text_unit *v;
	size_t i;

	*x = (struct edit){ 0 };
	if (mark_cut(l, w, d, e) < 0)
		return e->code;
	v = w->units.v;
	x->units = w->units.n;
	for (i = 0; i < w->units.n; i++) {
		x->cut += w->cut[i];
		x->bytes += w->cut[i] ? v[i].end - v[i].start : 0;
		x->left += !w->cut[i] && v[i].nword;
	}
	buf_clear(&w->text);
	if (x->cut && l->sentences)
		join_sentences(w, d->text);
	else if (x->cut)
		join_lines(w, d->text);
	return buf_ok(&w->text, e);
}

/* {"lines":9,"cut":2,"bytes":80,"of":["mill-1"]} */
static void
describe(const struct lines *l, struct worker *w, const struct edit *x)
{
	size_t i;

	buf_clear(&w->json);
	buf_printf(&w->json,
	    "{\"%s\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"of\":[",
	    l->opt->unit, x->units, x->cut, x->bytes);
	for (i = 0; i < w->nnamed; i++) {
		buf_puts(&w->json, i ? "," : "");
		buf_json_lossy(&w->json, l->roster.v[w->named[i]].id);
	}
	buf_puts(&w->json, "]}");
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct worker *w = worker;
	struct edit x;
	struct did did = { .line = hash64(d->line.p, d->line.n, 0) };

	if (cut_units(l, w, d, &x, e) < 0)
		return e->code;
	did.cut = x.cut;
	did.bytes = x.bytes;
	buf_put(&em->side, &did, sizeof(did));
	if (x.cut == 0)
		return emit_keep(em, d, e);
	describe(l, w, &x);
	if (buf_ok(&w->json, e) < 0)
		return e->code;
	if (x.left == 0)
		return emit_drop(em, d,
		    &(struct reason){ .rule = l->sentences
						  ? "all_sentences_duplicate"
						  : "all_lines_duplicate",
			.has_value = true,
			.value = 0,
			.threshold = 1,
			.detail = buf_view(&w->json) },
		    e);
	doc_set_text(d, buf_view(&w->text));
	doc_set_json(d, "dedup_lines", buf_view(&w->json));
	return emit_keep(em, d, e);
}

static int
sum_up(void *ctx, struct str side, struct err *e)
{
	struct lines *l = ctx;
	struct did did;

	(void)e;
	for (; side.n; side.p += sizeof(did), side.n -= sizeof(did)) {
		memcpy(&did, side.p, sizeof(did));
		roster_again(&l->digest, did.line);
		l->cut += did.cut;
		l->bytes += did.bytes;
	}
	return 0;
}

static int
fill_filter(
    struct lines *l, struct docs *in, const struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = hashes };

	if (l->opt->bloom == 0)
		return 0;
	return bloom_fill(
	    &l->twice, &l->budget, l->opt->bloom, in, &ops, l, r, e);
}

static int
run_all(struct lines *l, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops first = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	static const struct docs_ops last = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = judge,
		.fold = sum_up };

	if (fill_filter(l, in, r, e) < 0 || grow(l, e) < 0 ||
	    docs_scan(in, &first, l, r, e) < 0 ||
	    docs_run(in, &last, l, r, e) < 0 ||
	    roster_same(&l->roster, l->digest, e) < 0)
		return e->code;
	buf_printf(&r->extra,
	    "\"distinct\":%" PRIu64 ",\"%s_cut\":%" PRIu64
	    ",\"bytes_cut\":%" PRIu64 ",",
	    l->n + l->once, l->opt->unit, l->cut, l->bytes);
	if (l->twice.words)
		bloom_stats(&l->twice, &r->extra);
	return buf_ok(&r->extra, e);
}

static int
check_options(const struct lines_opt *o, struct err *e)
{
	if (o->least > MAX_WORDS)
		return err_set(e, ERR_ARG, "option --least: %d is not in 0..%d",
		    o->least, MAX_WORDS);
	if (o->span > MAX_SPAN)
		return err_set(e, ERR_ARG, "option --span: %d is not in 1..%d",
		    o->span, MAX_SPAN);
	return 0;
}

int
dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e)
{
	struct lines l = { .opt = opt,
		.sentences = strcmp(opt->unit, "sentences") == 0,
		.least = (size_t)opt->least,
		.span = (size_t)opt->span };
	int rc = prefer_parse(&l.prefer, opt->prefer, e);

	if (l.span == 0)
		l.span = l.sentences ? SENTENCES : 1;
	if (rc < 0 || (rc = check_options(opt, e)) < 0 ||
	    (rc = budget_init(&l.budget, r->opt, e)) < 0)
		return rc;
	roster_init(&l.roster, &l.budget);
	rc = run_all(&l, in, r, e);
	roster_free(&l.roster);
	twice_free(&l.twice);
	free(l.hash);
	free(l.owner);
	return rc;
}

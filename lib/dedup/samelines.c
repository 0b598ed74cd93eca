/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/apply.h"
#include "dedup/bloom.h"
#include "dedup/budget.h"
#include "dedup/groups.h"
#include "dedup/hashset.h"
#include "dedup/key.h"
#include "dedup/owners.h"
#include "dedup/prefer.h"
#include "dedup/samelines.h"
#include "dedup/sorter.h"
#include "dedup/units.h"
#include "io/docs.h"

enum { MAX_WORDS = 1000, MAX_SPAN = 100, MAX_NAMED = 8, SENTENCES = 3 };

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
	struct twice twice; /* with --bloom */
	struct owners owners;
	/* What comes next of ranks and of verdicts. */
	struct pair rank;
	struct str verdict;
	bool more;
	struct digest first, last;
	uint64_t cut, bytes;
	uint64_t once; /* spans that the filter says are alone */
};

/* A line that goes, and the document that keeps it. */
struct goes {
	uint64_t hash;
	uint32_t owner;
	struct str id; /* as key_str() has it */
};

struct worker {
	struct units units;
	bool *cut; /* by unit */
	size_t cut_cap;
	struct buf rank, text, json, id;
	struct hashset kept; /* hashes of spans that stay */
	struct goes *goes;   /* from this document, by hash */
	size_t ngoes, goes_cap;
	const struct goes *named[MAX_NAMED];
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
	buf_free(&w->id);
	hashset_free(&w->kept);
	free(w->goes);
	free(w);
}

/* Is a span compared?  0 is no hash; the filter knows spans that are alone. */
static bool
is_compared(const struct lines *l, uint64_t h)
{
	return h && (!l->twice.words || twice_has(&l->twice, h));
}

/* For the filter: the hashes of a document's spans. */
static int
hash_spans(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct units *u = &((struct worker *)worker)->units;
	size_t i, n;
	uint64_t h;

	if (units_of(u, d->text, l->sentences, e) < 0)
		return e->code;
	n = units_spans(u, l->span);
	for (i = 0; i < n; i++) {
		h = units_hash(u, i, l->span, l->least);
		if (h)
			buf_put(&em->side, &h, sizeof(h));
	}
	return 0;
}

/* The first pass: who everybody is. */
static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct worker *w = worker;
	struct buf *side = &em->side;
	uint64_t line = hash64(d->line.p, d->line.n, 0);
	size_t at;
	uint32_t n = 0;

	buf_put(side, &line, sizeof(line));
	at = side->n;
	buf_put(side, &n, sizeof(n));
	groups_who(side, d, &l->prefer, &w->rank);
	if (buf_ok(side, e) < 0)
		return e->code;
	n = (uint32_t)(side->n - at - sizeof(n));
	memcpy(side->p + at, &n, sizeof(n));
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct lines *l = ctx;
	uint64_t line;
	uint32_t n;

	while (side.n) {
		key_get_raw(&side, &line, sizeof(line));
		key_get_raw(&side, &n, sizeof(n));
		digest_add(&l->first, line);
		if (sorter_add(&l->owners.whos, (struct str){ side.p, n }, e) <
		    0)
			return e->code;
		side.p += n;
		side.n -= n;
	}
	return 0;
}

static int
next_rank(struct lines *l, struct err *e)
{
	int rc = sorter_pair(&l->owners.ranks, &l->rank, e);

	l->more = rc > 0;
	return rc < 0 ? rc : 0;
}

/* The second pass: each document's rank goes in, */
static int
note_ranks(
    void *ctx, uint64_t from, uint64_t to, struct buf *note, struct err *e)
{
	struct lines *l = ctx;

	(void)from;
	while (l->more && l->rank.key < to) {
		buf_put(note, &l->rank, sizeof(l->rank));
		if (next_rank(l, e) < 0)
			return e->code;
	}
	return 0;
}

/* and pairs of a span's hash and the rank come out; 0 with how many are alone.
 */
static int
hash_lines(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct units *u = &((struct worker *)worker)->units;
	struct pair rank = { UINT64_MAX, 0 }, p, alone = { 0, 0 };
	size_t i, n;

	if (d->note->n)
		key_get_raw(d->note, &rank, sizeof(rank));
	if (rank.key != d->place)
		return err_set(
		    e, ERR_IO, "the input changed while it was read");
	if (units_of(u, d->text, l->sentences, e) < 0)
		return e->code;
	n = units_spans(u, l->span);
	for (i = 0; i < n; i++) {
		p.key = units_hash(u, i, l->span, l->least);
		p.value = rank.value;
		if (is_compared(l, p.key))
			buf_put(&em->side, &p, sizeof(p));
		else
			alone.value += p.key != 0;
	}
	if (alone.value)
		buf_put(&em->side, &alone, sizeof(alone));
	return buf_ok(&em->side, e);
}

static int
collect_lines(void *ctx, struct str side, struct err *e)
{
	struct lines *l = ctx;
	struct pair p;

	while (side.n) {
		key_get_raw(&side, &p, sizeof(p));
		if (p.key == 0)
			l->once += p.value;
		else if (sorter_put(&l->owners.spans, p.key, p.value, e) < 0)
			return e->code;
	}
	return 0;
}

static int
next_verdict(struct lines *l, struct err *e)
{
	int rc = sorter_record(&l->owners.verdicts, &l->verdict, e);

	l->more = rc > 0;
	return rc < 0 ? rc : 0;
}

static uint64_t
place_at(struct str r)
{
	return key_get_u64(&r);
}

/* The last pass: what is to be cut of a batch. */
static int
note_cuts(
    void *ctx, uint64_t from, uint64_t to, struct buf *note, struct err *e)
{
	struct lines *l = ctx;
	uint32_t n;

	(void)from;
	while (l->more && place_at(l->verdict) < to) {
		n = (uint32_t)l->verdict.n;
		buf_put(note, &n, sizeof(n));
		buf_str(note, l->verdict);
		if (next_verdict(l, e) < 0)
			return e->code;
	}
	return 0;
}

/* The cuts of document d, out of its batch's note. */
static int
take_cuts(struct worker *w, struct doc *d, struct err *e)
{
	struct goes *more;
	struct str r;
	uint32_t n;

	for (w->ngoes = 0; d->note->n;) {
		memcpy(&n, d->note->p, sizeof(n));
		r = (struct str){ d->note->p + sizeof(n), n };
		if (key_get_u64(&r) > d->place)
			break;
		d->note->p += sizeof(n) + n;
		d->note->n -= sizeof(n) + n;
		if (w->ngoes == w->goes_cap) {
			w->goes_cap = w->goes_cap ? 2 * w->goes_cap : 64;
			more = realloc(w->goes, w->goes_cap * sizeof(*more));
			if (!more)
				return err_nomem(e, "lines");
			w->goes = more;
		}
		more = &w->goes[w->ngoes++];
		more->hash = key_get_u64(&r);
		more->owner = key_get_u32(&r);
		more->id = r;
	}
	return 0;
}

static void
name_owner(struct worker *w, const struct goes *g)
{
	size_t i;

	for (i = 0; i < w->nnamed; i++)
		if (w->named[i]->owner == g->owner)
			return;
	if (w->nnamed < MAX_NAMED)
		w->named[w->nnamed++] = g;
}

static int
by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = ((const struct goes *)b)->hash;

	return (x > y) - (x < y);
}

/* Does a span of the document at hand stay there? */
static bool
stays(const struct lines *l, struct worker *w, uint64_t h)
{
	static const struct goes itself = { .owner = NO_OWNER };
	const struct goes *g;

	if (!is_compared(l, h))
		return true;
	g = w->ngoes ? bsearch(&h, w->goes, w->ngoes, sizeof(*g), by_hash)
		     : NULL;
	if (!g && hashset_add(&w->kept, h))
		return true;
	name_owner(w, g ? g : &itself);
	return false;
}

/* What happened to a document. */
struct edit {
	uint64_t units, cut, bytes;
	uint64_t left; /* units with words that stay */
};

static int
clear_cut(struct worker *w, struct err *e)
{
	size_t n = w->units.n;
	bool *cut;

	if (w->cut_cap < n) {
		cut = realloc(w->cut, 2 * n * sizeof(*cut));
		if (!cut)
			return err_nomem(e, "lines");
		w->cut = cut;
		w->cut_cap = 2 * n;
	}
	if (n)
		memset(w->cut, 0, n * sizeof(*w->cut));
	return 0;
}

/* Fill w->cut: the units of every span that does not stay. */
static int
mark_cut(
    const struct lines *l, struct worker *w, const struct doc *d, struct err *e)
{
	struct units *u = &w->units;
	size_t i, k, n;

	if (units_of(u, d->text, l->sentences, e) < 0 || clear_cut(w, e) < 0)
		return e->code;
	n = units_spans(u, l->span);
	w->nnamed = 0;
	if (hashset_clear(&w->kept, n, e) < 0)
		return e->code;
	for (i = 0; i < n; i++) {
		if (stays(l, w, units_hash(u, i, l->span, l->least)))
			continue;
		for (k = i; k < i + l->span; k++)
			w->cut[u->worded[k]] = true;
	}
	return 0;
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
	if (x->cut)
		units_join(&w->units, w->cut, d->text, &w->text);
	return buf_ok(&w->text, e);
}

/* {"lines":9,"cut":2,"bytes":80,"of":["mill-1"]} */
static void
describe(const struct lines *l, struct worker *w, const struct doc *d,
    const struct edit *x)
{
	struct str id;
	size_t i;

	buf_clear(&w->json);
	buf_printf(&w->json,
	    "{\"%s\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"of\":[",
	    l->opt->unit, x->units, x->cut, x->bytes);
	for (i = 0; i < w->nnamed; i++) {
		buf_clear(&w->id);
		id = w->named[i]->id;
		if (w->named[i]->owner != NO_OWNER)
			key_get_str(&id, &w->id);
		buf_puts(&w->json, i ? "," : "");
		buf_json_lossy(&w->json,
		    w->named[i]->owner == NO_OWNER ? d->id : buf_view(&w->id));
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

	if (take_cuts(w, d, e) < 0 || cut_units(l, w, d, &x, e) < 0)
		return e->code;
	did.cut = x.cut;
	did.bytes = x.bytes;
	buf_put(&em->side, &did, sizeof(did));
	if (x.cut == 0)
		return emit_keep(em, d, e);
	describe(l, w, d, &x);
	if (buf_ok(&w->json, e) < 0 || buf_ok(&w->id, e) < 0)
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
		digest_add(&l->last, did.line);
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
		.doc = hash_spans };

	if (l->opt->bloom == 0)
		return 0;
	return bloom_fill(
	    &l->twice, &l->budget, l->opt->bloom, in, &ops, l, r, e);
}

static int
find_all(struct lines *l, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops first = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	static const struct docs_ops second = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = hash_lines,
		.fold = collect_lines,
		.note = note_ranks };
	int rc = docs_scan(in, &first, l, r, e);

	if (rc == 0)
		rc = owners_rank(&l->owners, e);
	if (rc == 0)
		rc = next_rank(l, e);
	if (rc == 0)
		rc = docs_scan(in, &second, l, r, e);
	if (rc == 0)
		rc = owners_find(&l->owners, e);
	return rc < 0 ? rc : next_verdict(l, e);
}

static int
run_all(struct lines *l, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops last = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = judge,
		.fold = sum_up,
		.note = note_cuts };

	if (find_all(l, in, r, e) < 0 || docs_run(in, &last, l, r, e) < 0)
		return e->code;
	if (l->more || l->last.lines != l->first.lines)
		return err_set(e, ERR_IO,
		    "the input changed between the first pass over it and the "
		    "last");
	buf_printf(&r->extra,
	    "\"distinct\":%" PRIu64 ",\"%s_cut\":%" PRIu64
	    ",\"bytes_cut\":%" PRIu64 ",",
	    l->owners.distinct + l->once, l->opt->unit, l->cut, l->bytes);
	if (l->twice.words)
		bloom_stats(&l->twice, &r->extra);
	return buf_ok(&r->extra, e);
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

	if (rc < 0)
		return rc;
	if (opt->least > MAX_WORDS)
		return err_set(e, ERR_ARG, "option --least: %d is not in 0..%d",
		    opt->least, MAX_WORDS);
	if (opt->span > MAX_SPAN)
		return err_set(e, ERR_ARG, "option --span: %d is not in 0..%d",
		    opt->span, MAX_SPAN);
	if (l.span == 0)
		l.span = l.sentences ? SENTENCES : 1;
	rc = budget_init(&l.budget, r->opt, e);
	if (rc < 0)
		return rc;
	rc = fill_filter(&l, in, r, e);
	if (rc == 0) {
		owners_init(&l.owners, &l.budget);
		rc = run_all(&l, in, r, e);
	}
	owners_free(&l.owners);
	twice_free(&l.twice);
	return rc;
}

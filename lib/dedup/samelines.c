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
#include "dedup/key.h"
#include "dedup/linecut.h"
#include "dedup/prefer.h"
#include "dedup/samelines.h"
#include "dedup/sorter.h"
#include "io/docs.h"

enum { MAX_WORDS = 1000, MAX_SPAN = 100, SENTENCES = 3 };

/* What the last pass says of one. */
struct did {
	uint64_t line, cut, bytes;
};

/* Shares of the memory, in 32ths. */
enum { ALL = 32, WHOS = 12, RANKS = 4, DOCS = 4, LINES = 12, CUTS = 6 };

/*
 * Documents are numbered by preference: rank 0 is preferred to all others.  Of
 * the ranks that have a line the least keeps it.
 */
struct lines {
	const struct lines_opt *opt;
	struct linecut_rule rule;
	struct prefer prefer;
	struct budget budget;
	struct twice twice;     /* with --bloom */
	struct sorter whos;     /* records: who (dedup/groups.h) */
	struct sorter ranks;    /* pairs: place, rank */
	struct sorter docs;     /* records: u32 rank, u64 place, id */
	struct sorter lines;    /* pairs: hash of a span, rank */
	struct sorter cuts;     /* records: u32 owner, u32 rank, u64 hash */
	struct sorter named;    /* records: u32 rank, u64 hash, u32 owner, id */
	struct sorter verdicts; /* u64 place, then as named */
	/* What comes next of ranks and of verdicts. */
	struct pair rank;
	struct str verdict;
	bool more;
	struct digest first, last;
	uint64_t distinct, cut, bytes;
	uint64_t once; /* spans that the filter says are alone */
};

static void *
new_worker(void *ctx, struct err *e)
{
	struct linecut *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
free_worker(void *worker)
{
	linecut_free(worker);
	free(worker);
}

/* For the filter: the hashes of a document's spans. */
static int
hash_spans(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct units *u = &((struct linecut *)worker)->units;
	size_t i, n;
	uint64_t h;

	if (units_of(u, d->text, l->rule.sentences, e) < 0)
		return e->code;
	n = units_spans(u, l->rule.span);
	for (i = 0; i < n; i++) {
		h = units_hash(u, i, l->rule.span, l->rule.least);
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
	struct linecut *w = worker;
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
		if (sorter_add(&l->whos, (struct str){ side.p, n }, e) < 0)
			return e->code;
		side.p += n;
		side.n -= n;
	}
	return 0;
}

static int
number_docs(struct lines *l, struct buf *b, struct err *e)
{
	struct who w;
	struct str r;
	uint64_t rank;
	int rc = sorter_sort(&l->whos, e);

	for (rank = 0; rc == 0; rank++) {
		rc = sorter_record(&l->whos, &r, e);
		if (rc <= 0)
			break;
		if (rank == LINECUT_ITSELF)
			return err_set(e, ERR_ARG, "more than 4 G documents");
		who_get(&r, &w);
		buf_clear(b);
		key_u32(b, (uint32_t)rank);
		key_u64(b, w.place);
		buf_str(b, w.id);
		if (buf_ok(b, e) < 0 ||
		    sorter_add(&l->docs, buf_view(b), e) < 0)
			return e->code;
		rc = sorter_put(&l->ranks, w.place, rank, e);
	}
	sorter_free(&l->whos);
	return rc < 0 ? rc : sorter_sort(&l->ranks, e);
}

static int
next_rank(struct lines *l, struct err *e)
{
	int rc = sorter_pair(&l->ranks, &l->rank, e);

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
	struct units *u = &((struct linecut *)worker)->units;
	struct pair rank = { UINT64_MAX, 0 }, p, alone = { 0, 0 };
	size_t i, n;

	if (d->note->n)
		key_get_raw(d->note, &rank, sizeof(rank));
	if (rank.key != d->place)
		return err_set(
		    e, ERR_IO, "the input changed while it was read");
	if (units_of(u, d->text, l->rule.sentences, e) < 0)
		return e->code;
	n = units_spans(u, l->rule.span);
	for (i = 0; i < n; i++) {
		p.key = units_hash(u, i, l->rule.span, l->rule.least);
		p.value = rank.value;
		if (linecut_compares(&l->rule, p.key))
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
		else if (sorter_put(&l->lines, p.key, p.value, e) < 0)
			return e->code;
	}
	return 0;
}

static int
put_cut(struct lines *l, struct buf *b, uint64_t owner, const struct pair *p,
    struct err *e)
{
	buf_clear(b);
	key_u32(b, (uint32_t)owner);
	key_u32(b, (uint32_t)p->value);
	key_u64(b, p->key);
	return buf_ok(b, e) < 0 ? e->code
				: sorter_add(&l->cuts, buf_view(b), e);
}

/* Of the ranks with a line the first keeps it. */
static int
find_cuts(struct lines *l, struct buf *b, struct err *e)
{
	struct pair p, last = { 0 };
	uint64_t owner = 0;
	int rc = sorter_sort(&l->lines, e);

	while (rc == 0 && (rc = sorter_pair(&l->lines, &p, e)) > 0) {
		rc = 0;
		if (l->distinct == 0 || p.key != last.key) {
			l->distinct++;
			owner = p.value;
		} else if (p.value != last.value) {
			rc = put_cut(l, b, owner, &p, e);
		}
		last = p;
	}
	sorter_free(&l->lines);
	return rc < 0 ? rc : sorter_sort(&l->cuts, e);
}

/* On to the document of a rank, which is there. */
static int
seek_doc(struct lines *l, uint32_t rank, uint64_t *at, uint64_t *place,
    struct str *id, struct err *e)
{
	int rc;

	while (*at != rank) {
		rc = sorter_record(&l->docs, id, e);
		if (rc <= 0)
			return rc < 0 ? rc
				      : err_set(e, ERR_CHECK,
					    "a document is lost: this is a bug "
					    "in quern");
		*at = key_get_u32(id);
		*place = key_get_u64(id);
	}
	return 0;
}

/* Cuts, by owner, joined with the owners. */
static int
name_owners(struct lines *l, struct buf *b, struct err *e)
{
	uint64_t at = UINT64_MAX, place;
	struct str r, id = { NULL, 0 };
	uint32_t owner;
	int rc = sorter_sort(&l->docs, e);

	while (rc == 0 && (rc = sorter_record(&l->cuts, &r, e)) > 0) {
		owner = key_get_u32(&r);
		if (seek_doc(l, owner, &at, &place, &id, e) < 0)
			return e->code;
		buf_clear(b);
		buf_str(b, r);
		key_u32(b, owner);
		buf_str(b, id);
		rc = buf_ok(b, e);
		if (rc == 0)
			rc = sorter_add(&l->named, buf_view(b), e);
	}
	sorter_free(&l->cuts);
	return rc < 0 ? rc : sorter_sort(&l->named, e);
}

/* Cuts, by the document to be cut, joined with these. */
static int
place_cuts(struct lines *l, struct buf *b, struct err *e)
{
	uint64_t at = UINT64_MAX, place;
	struct str r, id = { NULL, 0 };
	uint32_t rank;
	int rc = sorter_sort(&l->docs, e);

	while (rc == 0 && (rc = sorter_record(&l->named, &r, e)) > 0) {
		rank = key_get_u32(&r);
		if (seek_doc(l, rank, &at, &place, &id, e) < 0)
			return e->code;
		buf_clear(b);
		key_u64(b, place);
		buf_str(b, r);
		rc = buf_ok(b, e);
		if (rc == 0)
			rc = sorter_add(&l->verdicts, buf_view(b), e);
	}
	sorter_free(&l->named);
	sorter_free(&l->docs);
	return rc < 0 ? rc : sorter_sort(&l->verdicts, e);
}

static int
next_verdict(struct lines *l, struct err *e)
{
	int rc = sorter_record(&l->verdicts, &l->verdict, e);

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

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct linecut *w = worker;
	struct linecut_edit x;
	struct did did = { .line = hash64(d->line.p, d->line.n, 0) };

	if (linecut_of(w, &l->rule, d, &x, e) < 0)
		return e->code;
	did.cut = x.cut;
	did.bytes = x.bytes;
	buf_put(&em->side, &did, sizeof(did));
	if (x.cut == 0)
		return emit_keep(em, d, e);
	if (x.left == 0)
		return emit_drop(em, d,
		    &(struct reason){ .rule = l->rule.sentences
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
	if (bloom_fill(
		&l->twice, &l->budget, l->opt->bloom, in, &ops, l, r, e) < 0)
		return e->code;
	l->rule.twice = &l->twice;
	return 0;
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
	struct buf b = { 0 };
	int rc = docs_scan(in, &first, l, r, e);

	if (rc == 0)
		rc = number_docs(l, &b, e);
	if (rc == 0)
		rc = next_rank(l, e);
	if (rc == 0)
		rc = docs_scan(in, &second, l, r, e);
	sorter_free(&l->ranks);
	if (rc == 0)
		rc = find_cuts(l, &b, e);
	if (rc == 0)
		rc = name_owners(l, &b, e);
	if (rc == 0)
		rc = place_cuts(l, &b, e);
	buf_free(&b);
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
	    l->distinct + l->once, l->opt->unit, l->cut, l->bytes);
	if (l->rule.twice)
		bloom_stats(&l->twice, &r->extra);
	return buf_ok(&r->extra, e);
}

static void
begin(const struct lines *l, struct sorter *s, bool pairs, unsigned part)
{
	sorter_init(s, pairs, budget_share(&l->budget, part, ALL));
}

static void
init_sorters(struct lines *l)
{
	begin(l, &l->whos, false, WHOS);
	begin(l, &l->ranks, true, RANKS);
	begin(l, &l->docs, false, DOCS);
	begin(l, &l->lines, true, LINES);
	begin(l, &l->cuts, false, CUTS);
	begin(l, &l->named, false, CUTS);
	begin(l, &l->verdicts, false, CUTS);
}

static void
free_sorters(struct lines *l)
{
	sorter_free(&l->whos);
	sorter_free(&l->ranks);
	sorter_free(&l->docs);
	sorter_free(&l->lines);
	sorter_free(&l->cuts);
	sorter_free(&l->named);
	sorter_free(&l->verdicts);
}

int
dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e)
{
	struct lines l = { .opt = opt,
		.rule = { .unit = opt->unit,
		    .sentences = strcmp(opt->unit, "sentences") == 0,
		    .least = (size_t)opt->least,
		    .span = (size_t)opt->span } };
	int rc = prefer_parse(&l.prefer, opt->prefer, e);

	if (rc < 0)
		return rc;
	if (opt->least > MAX_WORDS)
		return err_set(e, ERR_ARG, "option --least: %d is not in 0..%d",
		    opt->least, MAX_WORDS);
	if (opt->span > MAX_SPAN)
		return err_set(e, ERR_ARG, "option --span: %d is not in 0..%d",
		    opt->span, MAX_SPAN);
	if (l.rule.span == 0)
		l.rule.span = l.rule.sentences ? SENTENCES : 1;
	rc = budget_init(&l.budget, r->opt, e);
	if (rc < 0)
		return rc;
	rc = fill_filter(&l, in, r, e);
	if (rc == 0) {
		init_sorters(&l);
		rc = run_all(&l, in, r, e);
	}
	free_sorters(&l);
	twice_free(&l.twice);
	return rc;
}

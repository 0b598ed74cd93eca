/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "dedup/apply.h"
#include "dedup/bloom.h"
#include "dedup/budget.h"
#include "dedup/exact.h"
#include "dedup/groups.h"
#include "dedup/key.h"
#include "dedup/prefer.h"
#include "dedup/sorter.h"
#include "dedup/url.h"
#include "io/docs.h"

struct exact {
	const struct exact_opt *opt;
	struct prefer prefer;
	struct budget budget;
	struct sorter docs, verdicts;
	struct digest lines;
	uint64_t distinct;
	struct clusters clusters;
	struct twice twice; /* with --bloom */
	uint64_t once;      /* documents that it says are alone */
};

/* In the place of a record's size. */
#define ALONE UINT32_MAX

struct worker {
	struct buf low, normal, rank;
};

static bool
is_space(const char *p, const char *end, size_t *len)
{
	uint32_t cp = utf8_get(p, end, len);

	if (cp < 0x80)
		return cp == ' ' || (cp >= '\t' && cp <= '\r');
	return uni_class(cp) & UNI_SPACE;
}

int
normal_form(struct str text, struct buf *low, struct buf *out, struct err *e)
{
	const char *p, *end, *from;
	size_t len, start = out->n;

	buf_clear(low);
	if (text_lower(text, low, e) < 0)
		return e->code;
	p = low->p;
	end = p + low->n;
	for (;;) {
		while (p < end && is_space(p, end, &len))
			p += len;
		if (p == end)
			return buf_ok(out, e);
		from = p;
		while (p < end && !is_space(p, end, &len))
			p += len;
		if (out->n > start)
			buf_putc(out, ' ');
		buf_put(out, from, (size_t)(p - from));
	}
}

/* What is compared; 0: nothing, the document stands alone. */
static int
key_of(const struct exact *x, struct worker *w, const struct doc *d,
    struct hash128 *key, struct err *e)
{
	struct str s = d->text;

	buf_clear(&w->normal);
	if (x->opt->url) {
		s = json_str(doc_meta(d, "url"));
		if (s.n == 0)
			return 0;
		if (url_canonical(s, &w->normal, e) < 0)
			return e->code;
		s = buf_view(&w->normal);
	} else if (x->opt->normal) {
		if (normal_form(s, &w->low, &w->normal, e) < 0)
			return e->code;
		s = buf_view(&w->normal);
	}
	*key = hash128(s.p, s.n);
	return 1;
}

/* For the filter: a document's key. */
static int
key_only(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct hash128 key;
	int rc = key_of(ctx, worker, d, &key, e);

	if (rc > 0)
		buf_put(&em->side, &key.lo, sizeof(key.lo));
	return rc < 0 ? rc : 0;
}

/*
 * The hash of a document's line, and a record for the sorter if it has a key
 * that another may have.
 */
static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct exact *x = ctx;
	struct worker *w = worker;
	struct buf *side = &em->side;
	struct hash128 key;
	uint64_t line = hash64(d->line.p, d->line.n, 0);
	size_t at;
	uint32_t n;
	int rc = key_of(x, w, d, &key, e);

	if (rc < 0)
		return rc;
	if (rc && x->twice.words && !twice_has(&x->twice, key.lo)) {
		buf_put(side, &line, sizeof(line));
		buf_put(side, &(uint32_t){ ALONE }, sizeof(n));
		return 0;
	}
	buf_put(side, &line, sizeof(line));
	at = side->n;
	buf_put(side, &(uint32_t){ 0 }, sizeof(n));
	if (rc) {
		groups_key(side, &key);
		groups_who(side, d, &x->prefer, &w->rank);
	}
	if (buf_ok(side, e) < 0)
		return e->code;
	n = (uint32_t)(side->n - at - sizeof(n));
	memcpy(side->p + at, &n, sizeof(n));
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct exact *x = ctx;
	uint64_t line;
	uint32_t n;

	while (side.n) {
		key_get_raw(&side, &line, sizeof(line));
		key_get_raw(&side, &n, sizeof(n));
		digest_add(&x->lines, line);
		if (n == ALONE) {
			x->once++;
			continue;
		}
		if (n && sorter_add(&x->docs, (struct str){ side.p, n }, e) < 0)
			return e->code;
		side.p += n;
		side.n -= n;
	}
	return 0;
}

/* Of each group the first stays. */
static int
decide(struct exact *x, struct err *e)
{
	struct groups g = { .docs = &x->docs };
	struct buf id = { 0 }, b = { 0 };
	struct member m;
	uint64_t n = 0;
	int rc = sorter_sort(&x->docs, e);

	while (rc == 0 && (rc = groups_next(&g, &m, e)) > 0) {
		if (m.first) {
			clusters_add(&x->clusters, n);
			n = 0;
			x->distinct++;
			buf_clear(&id);
			buf_str(&id, m.who.id);
			rc = buf_ok(&id, e);
		} else {
			rc = verdict_put(&x->verdicts, &b, m.who.place,
			    m.who.line, 1, buf_view(&id), e);
		}
		n++;
	}
	clusters_add(&x->clusters, n);
	buf_free(&id);
	buf_free(&b);
	return rc < 0 ? rc : sorter_sort(&x->verdicts, e);
}

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

	buf_free(&w->low);
	buf_free(&w->normal);
	buf_free(&w->rank);
	free(w);
}

static int
fill_filter(
    struct exact *x, struct docs *in, const struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = key_only };

	if (x->opt->bloom == 0)
		return 0;
	return bloom_fill(
	    &x->twice, &x->budget, x->opt->bloom, in, &ops, x, r, e);
}

static int
run_all(struct exact *x, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	struct apply a = { .verdicts = &x->verdicts,
		.lines = &x->lines,
		.rule = x->opt->url ? "same_url" : "exact_duplicate" };

	if (fill_filter(x, in, r, e) < 0)
		return e->code;
	sorter_init(&x->docs, false, budget_share(&x->budget, 1, 2));
	sorter_init(&x->verdicts, false, budget_share(&x->budget, 1, 2));
	if (docs_scan(in, &ops, x, r, e) < 0 || decide(x, e) < 0)
		return e->code;
	sorter_free(&x->docs);
	if (apply_run(&a, in, r, e) < 0)
		return e->code;
	buf_printf(&r->extra,
	    "\"distinct\":%" PRIu64 ",\"clusters\":%" PRIu64
	    ",\"largest_cluster\":%" PRIu64 ",",
	    x->distinct + x->once, x->clusters.n, x->clusters.largest);
	if (x->twice.words)
		bloom_stats(&x->twice, &r->extra);
	return buf_ok(&r->extra, e);
}

int
dedup_exact(
    struct docs *in, struct run *r, const struct exact_opt *opt, struct err *e)
{
	struct exact x = { .opt = opt };
	int rc = prefer_parse(&x.prefer, opt->prefer, e);

	if (rc == 0)
		rc = budget_init(&x.budget, r->opt, e);
	if (rc == 0)
		rc = run_all(&x, in, r, e);
	sorter_free(&x.docs);
	sorter_free(&x.verdicts);
	twice_free(&x.twice);
	return rc;
}

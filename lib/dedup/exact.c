/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "dedup/apply.h"
#include "dedup/budget.h"
#include "dedup/exact.h"
#include "dedup/groups.h"
#include "dedup/prefer.h"
#include "dedup/url.h"
#include "io/docs.h"

/* What the first pass says of a document; its id and its rank follow. */
struct seen {
	uint64_t ordinal, line, nid, nrank, has_key;
	struct hash128 key;
};

struct exact {
	const struct exact_opt *opt;
	struct prefer prefer;
	struct budget budget;
	struct groups groups;
};

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

static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct exact *x = ctx;
	struct worker *w = worker;
	int rc;
	struct seen s = { .ordinal = d->ordinal,
		.line = hash64(d->line.p, d->line.n, 0),
		.nid = d->id.n };

	rc = key_of(x, w, d, &s.key, e);
	if (rc < 0)
		return rc;
	s.has_key = (uint64_t)rc;
	buf_clear(&w->rank);
	prefer_rank(&x->prefer, d, &w->rank);
	s.nrank = w->rank.n;
	buf_put(&em->side, &s, sizeof(s));
	buf_str(&em->side, d->id);
	buf_str(&em->side, buf_view(&w->rank));
	return buf_ok(&w->rank, e);
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct exact *x = ctx;
	struct seen s;
	uint32_t group;

	while (side.n) {
		memcpy(&s, side.p, sizeof(s));
		struct who w = { .id = { side.p + sizeof(s), s.nid },
			.line = s.line,
			.ordinal = s.ordinal,
			.rank = { side.p + sizeof(s) + s.nid, s.nrank } };

		if (groups_add(&x->groups, &w, s.has_key ? &s.key : NULL,
			&group, e) < 0)
			return e->code;
		side.p += sizeof(s) + s.nid + s.nrank;
		side.n -= sizeof(s) + s.nid + s.nrank;
	}
	return 0;
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
add_stats(
    const struct exact *x, const struct apply *a, struct run *r, struct err *e)
{
	struct clusters c;

	if (apply_clusters(a, &c, e) < 0)
		return e->code;
	buf_printf(&r->extra,
	    "\"distinct\":%zu,\"clusters\":%llu,\"largest_cluster\":%llu,",
	    x->groups.n, (unsigned long long)c.n,
	    (unsigned long long)c.largest);
	return buf_ok(&r->extra, e);
}

int
dedup_exact(
    struct docs *in, struct run *r, const struct exact_opt *opt, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	struct exact x = { .opt = opt };
	struct apply a = { .groups = &x.groups,
		.rule = opt->url ? "same_url" : "exact_duplicate" };
	int rc = prefer_parse(&x.prefer, opt->prefer, e);

	if (rc < 0 || (rc = budget_init(&x.budget, r->opt, e)) < 0)
		return rc;
	groups_init(&x.groups, &x.budget, false);
	rc = docs_scan(in, &ops, &x, r, e);
	if (rc == 0)
		rc = apply_run(&a, in, r, e);
	if (rc == 0)
		rc = add_stats(&x, &a, r, e);
	groups_free(&x.groups);
	return rc;
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/budget.h"
#include "dedup/folded.h"
#include "dedup/groups.h"
#include "dedup/prefer.h"
#include "dedup/samelines.h"
#include "io/docs.h"

enum { MAX_WORDS = 1000, MAX_NAMED = 8 };

/* What the first pass says of a document; id, rank and hashes follow. */
struct seen {
	uint64_t ordinal, line, nid, nrank, n;
};

/* What the last pass says of one. */
struct did {
	uint64_t line, cut, bytes;
};

struct lines {
	const struct lines_opt *opt;
	struct prefer prefer;
	struct budget budget;
	struct groups groups; /* who everybody is */
	uint64_t *hash;       /* open addressing; 0: empty */
	uint32_t *owner;      /* the document that keeps it */
	size_t n, mask;
	uint64_t digest, cut, bytes;
};

struct worker {
	struct folded words;
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

	folded_free(&w->words);
	buf_free(&w->rank);
	buf_free(&w->text);
	buf_free(&w->json);
	free(w->set);
	free(w);
}

/* The next line of *text without its LF; false behind the last. */
static bool
next_line(struct str *text, struct str *line)
{
	const char *eol;

	if (!text->p)
		return false;
	eol = text->n ? memchr(text->p, '\n', text->n) : NULL;
	line->p = text->p;
	line->n = eol ? (size_t)(eol - text->p) : text->n;
	text->p = eol ? eol + 1 : NULL;
	text->n -= line->n + (eol != NULL);
	return true;
}

/* The hash by which a line is known in *hash, or 0 if it stays anyway. */
static int
hash_line(const struct lines *l, struct worker *w, struct str line,
    uint64_t *hash, struct err *e)
{
	size_t n;

	*hash = 0;
	if (folded_of(&w->words, line, e) < 0)
		return e->code;
	n = w->words.n;
	if (n && n >= (size_t)l->opt->least)
		*hash = folded_gram(&w->words, 0, n, folded_power(n));
	return 0;
}

static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct lines *l = ctx;
	struct worker *w = worker;
	struct str text = d->text, line;
	struct seen s = { .ordinal = d->ordinal,
		.line = hash64(d->line.p, d->line.n, 0),
		.nid = d->id.n };
	size_t at = em->side.n;
	uint64_t h;

	buf_clear(&w->rank);
	prefer_rank(&l->prefer, d, &w->rank);
	s.nrank = w->rank.n;
	buf_put(&em->side, &s, sizeof(s));
	buf_str(&em->side, d->id);
	buf_str(&em->side, buf_view(&w->rank));
	while (next_line(&text, &line)) {
		if (hash_line(l, w, line, &h, e) < 0)
			return e->code;
		if (h == 0)
			continue;
		buf_put(&em->side, &h, sizeof(h));
		s.n++;
	}
	if (buf_ok(&em->side, e) < 0 || buf_ok(&w->rank, e) < 0)
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

/* The document has this line: is it preferred to those before? */
static int
claim(struct lines *l, uint64_t h, uint32_t doc, struct err *e)
{
	const struct who *who = l->groups.who;
	size_t at;

	if ((!l->hash || l->n + 1 > l->mask / 3 * 2) && grow(l, e) < 0)
		return e->code;
	at = place_of(l, h);
	if (!l->hash[at]) {
		l->hash[at] = h;
		l->owner[at] = doc;
		l->n++;
	} else if (who_cmp(&who[doc], &who[l->owner[at]]) < 0) {
		l->owner[at] = doc;
	}
	return 0;
}

static int
collect_one(struct lines *l, const struct seen *s, const char *p, struct err *e)
{
	struct who w = { .id = { p, s->nid },
		.line = s->line,
		.ordinal = s->ordinal,
		.rank = { p + s->nid, s->nrank } };
	uint32_t group;
	uint64_t i, h;

	if (groups_add(&l->groups, &w, NULL, &group, e) < 0)
		return e->code;
	p += s->nid + s->nrank;
	for (i = 0; i < s->n; i++) {
		memcpy(&h, p + i * sizeof(h), sizeof(h));
		if (claim(l, h, (uint32_t)s->ordinal, e) < 0)
			return e->code;
	}
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct seen s;
	size_t n;

	for (; side.n; side.p += n, side.n -= n) {
		memcpy(&s, side.p, sizeof(s));
		n = sizeof(s) + s.nid + s.nrank + s.n * sizeof(uint64_t);
		if (collect_one(ctx, &s, side.p + sizeof(s), e) < 0)
			return e->code;
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

/* Does a line of document `doc` stay there? */
static bool
stays(const struct lines *l, struct worker *w, uint64_t h, uint64_t doc)
{
	size_t at;

	if (h == 0)
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
	uint64_t lines, cut, bytes;
	uint64_t left; /* lines with words that stay */
};

static int
cut_lines(const struct lines *l, struct worker *w, const struct doc *d,
    struct edit *x, struct err *e)
{
	struct str text = d->text, line;
	uint64_t h, kept = 0;

	*x = (struct edit){ 0 };
	while (next_line(&text, &line))
		x->lines++;
	w->nnamed = 0;
	buf_clear(&w->text);
	if (clear_set(w, x->lines, e) < 0)
		return e->code;
	for (text = d->text; next_line(&text, &line);) {
		if (hash_line(l, w, line, &h, e) < 0)
			return e->code;
		if (!stays(l, w, h, d->ordinal)) {
			x->cut++;
			x->bytes += line.n;
			continue;
		}
		x->left += w->words.n > 0;
		if (kept++)
			buf_putc(&w->text, '\n');
		buf_str(&w->text, line);
	}
	return buf_ok(&w->text, e);
}

/* {"lines":9,"cut":2,"bytes":80,"of":["mill-1"]} */
static void
describe(const struct lines *l, struct worker *w, const struct edit *x)
{
	size_t i;

	buf_clear(&w->json);
	buf_printf(&w->json,
	    "{\"lines\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"of\":[",
	    x->lines, x->cut, x->bytes);
	for (i = 0; i < w->nnamed; i++) {
		buf_puts(&w->json, i ? "," : "");
		buf_json_lossy(&w->json, l->groups.who[w->named[i]].id);
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

	if (cut_lines(l, w, d, &x, e) < 0)
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
		    &(struct reason){ .rule = "all_lines_duplicate",
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
		l->digest = mix64(l->digest ^ did.line);
		l->cut += did.cut;
		l->bytes += did.bytes;
	}
	return 0;
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

	if (grow(l, e) < 0 || docs_scan(in, &first, l, r, e) < 0 ||
	    docs_run(in, &last, l, r, e) < 0)
		return e->code;
	if (l->digest != l->groups.lines)
		return err_set(e, ERR_IO,
		    "the input changed between the first pass over it and the "
		    "last");
	buf_printf(&r->extra,
	    "\"distinct\":%zu,\"lines_cut\":%" PRIu64 ",\"bytes_cut\":%" PRIu64
	    ",",
	    l->n, l->cut, l->bytes);
	return buf_ok(&r->extra, e);
}

int
dedup_lines(
    struct docs *in, struct run *r, const struct lines_opt *opt, struct err *e)
{
	struct lines l = { .opt = opt };
	int rc = prefer_parse(&l.prefer, opt->prefer, e);

	if (rc < 0)
		return rc;
	if (opt->least > MAX_WORDS)
		return err_set(e, ERR_ARG, "option --least: %d is not in 0..%d",
		    opt->least, MAX_WORDS);
	rc = budget_init(&l.budget, r->opt, e);
	if (rc < 0)
		return rc;
	groups_init(&l.groups, &l.budget, true);
	rc = run_all(&l, in, r, e);
	groups_free(&l.groups);
	free(l.hash);
	free(l.owner);
	return rc;
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "dedup/apply.h"
#include "dedup/bands.h"
#include "dedup/budget.h"
#include "dedup/choose.h"
#include "dedup/groups.h"
#include "dedup/minhash.h"
#include "dedup/pairs.h"
#include "dedup/prefer.h"
#include "dedup/roots.h"
#include "dedup/shingles.h"
#include "dedup/signer.h"
#include "io/docs.h"
#include "io/stream.h"

enum { MAX_NGRAM = 1000, MAX_BANDS = 1024, MAX_ROWS = 256 };

/* The similarity for which the recall is told where none is asked for. */
#define UNVERIFIED .75

/*
 * Bands, rows, n-grams and thresholds as published: FineWeb and datatrove's
 * defaults (Penedo et al. 2024, 3.4), RefinedWeb (Penedo et al. 2023, G.3),
 * NeMo Curator's fuzzy deduplication.
 */
static const struct minhash_opt profiles[] = {
	{ "plain", UNIT_WORDS, 5, 40, 4, .8, false, NULL, NULL },
	{ "chars", UNIT_CHARS, 5, 40, 4, .8, false, NULL, NULL },
	{ "fineweb", UNIT_TOKENS, 5, 14, 8, .75, false, NULL, NULL },
	{ "refinedweb", UNIT_TOKENS, 5, 450, 20, .8, false, NULL, NULL },
	{ "nemo", UNIT_POINTS, 24, 20, 13, .8, false, NULL, NULL },
	{ "datatrove", UNIT_JOINED, 5, 14, 8, 0, true, NULL, NULL },
};

const struct minhash_opt *
minhash_profile(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		if (strcmp(name, profiles[i].profile) == 0)
			return &profiles[i];
	return NULL;
}

/*
 * What the first pass says of a document.  Its id and rank follow, then, if it
 * has shingles, a key for each band, or for roots its signature.
 */
struct seen {
	uint64_t ordinal, line, nid, nrank, nset;
	struct hash128 key;
};

/* What the second pass says of a group: its set follows. */
struct set_of {
	uint64_t group, n;
};

struct minhash {
	const struct minhash_opt *opt;
	struct prefer prefer;
	struct budget budget;
	struct groups groups;
	struct signer signer;
	struct bands bands;
	struct chooser chooser;
	struct roots roots;
	size_t nkey;    /* numbers that the first pass says of a document, */
	uint64_t *keys; /* of the document being taken in */
};

struct worker {
	struct shingles shingles;
	void *signature;
	uint64_t *keys;
	struct buf rank;
};

static int
check_range(const char *name, int v, int max, struct err *e)
{
	if (v >= 1 && v <= max)
		return 0;
	return err_set(
	    e, ERR_ARG, "option --%s: %d is not in 1..%d", name, v, max);
}

static int
check_options(const struct minhash_opt *o, struct err *e)
{
	if (check_range("ngram", o->ngram, MAX_NGRAM, e) < 0 ||
	    check_range("bands", o->bands, MAX_BANDS, e) < 0 ||
	    check_range("rows", o->rows, MAX_ROWS, e) < 0)
		return e->code;
	if (o->roots && (o->verify != 0 || o->pairs || o->prefer))
		return err_set(e, ERR_ARG,
		    "--profile %s verifies and prefers nothing: it takes no "
		    "--verify, --pairs or --prefer",
		    o->profile);
	if (!o->roots && !(o->verify > 0 && o->verify <= 1))
		return err_set(e, ERR_ARG,
		    "option --verify: %g is no similarity, over 0 and up to 1",
		    o->verify);
	return 0;
}

static void
free_worker(void *worker)
{
	struct worker *w = worker;

	shingles_free(&w->shingles);
	free(w->signature);
	free(w->keys);
	buf_free(&w->rank);
	free(w);
}

static void *
new_worker(void *ctx, struct err *e)
{
	const struct minhash *m = ctx;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->signature = calloc(1, signer_bytes(&m->signer));
	w->keys = calloc(m->signer.nband, sizeof(*w->keys));
	if (!w->signature || !w->keys)
		err_nomem(e, "threads");
	else if (shingles_init(
		     &w->shingles, m->opt->unit, (size_t)m->opt->ngram, e) == 0)
		return w;
	free_worker(w);
	return NULL;
}

/* First pass: signatures. */
static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct minhash *m = ctx;
	struct worker *w = worker;
	struct seen s = { .ordinal = d->ordinal,
		.line = hash64(d->line.p, d->line.n, 0),
		.nid = d->id.n };

	if (shingles_of(&w->shingles, d->text, e) < 0)
		return e->code;
	s.nset = w->shingles.n;
	s.key = shingles_key(&w->shingles);
	buf_clear(&w->rank);
	prefer_rank(&m->prefer, d, &w->rank);
	s.nrank = w->rank.n;
	buf_put(&em->side, &s, sizeof(s));
	buf_str(&em->side, d->id);
	buf_str(&em->side, buf_view(&w->rank));
	if (s.nset == 0)
		return buf_ok(&w->rank, e);
	signer_keys(&m->signer, w->shingles.v, s.nset, w->signature, w->keys);
	buf_put(&em->side, m->opt->roots ? w->signature : w->keys,
	    m->nkey * sizeof(*w->keys));
	return buf_ok(&w->rank, e);
}

/* Bytes of side are taken: one document; keys at p if it has shingles. */
static int
collect_one(
    struct minhash *m, const struct seen *s, const char *p, struct err *e)
{
	struct who w = { .id = { p, s->nid },
		.line = s->line,
		.ordinal = s->ordinal,
		.rank = { p + s->nid, s->nrank } };
	/* For roots each document stands for itself. */
	struct hash128 own = { mix64(s->ordinal), s->ordinal };
	const struct hash128 *key = m->opt->roots ? &own : &s->key;
	uint32_t group;
	int rc;

	rc = groups_add(&m->groups, &w, s->nset ? key : NULL, &group, e);
	if (rc <= 0)
		return rc;
	memcpy(m->keys, p + s->nid + s->nrank, m->nkey * sizeof(*m->keys));
	if (m->opt->roots)
		return roots_add(&m->roots, m->keys, e);
	if (chooser_size(&m->chooser, group, s->nset, e) < 0)
		return e->code;
	return bands_add(&m->bands, m->keys, e);
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct minhash *m = ctx;
	struct seen s;
	size_t n;

	for (; side.n; side.p += n, side.n -= n) {
		memcpy(&s, side.p, sizeof(s));
		n = sizeof(s) + s.nid + s.nrank;
		if (s.nset)
			n += m->nkey * sizeof(*m->keys);
		if (collect_one(m, &s, side.p + sizeof(s), e) < 0)
			return e->code;
	}
	return 0;
}

/* Second pass: the sets of the groups that share a bucket with another. */
static int
fetch(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct minhash *m = ctx;
	struct worker *w = worker;
	uint32_t group = groups_of(&m->groups, d->ordinal);
	struct set_of s = { .group = group };

	if (group == NO_GROUP ||
	    m->groups.v[group].best.ordinal != d->ordinal ||
	    !chooser_set(&m->chooser, group))
		return 0;
	if (shingles_of(&w->shingles, d->text, e) < 0)
		return e->code;
	shingles_sort(&w->shingles);
	s.n = w->shingles.n;
	buf_put(&em->side, &s, sizeof(s));
	buf_put(&em->side, w->shingles.v, s.n * sizeof(*w->shingles.v));
	return 0;
}

static int
store(void *ctx, struct str side, struct err *e)
{
	struct minhash *m = ctx;
	struct set_of s;
	size_t n;

	for (; side.n; side.p += n, side.n -= n) {
		memcpy(&s, side.p, sizeof(s));
		n = s.n * sizeof(uint64_t);
		if (s.n != m->chooser.nset[s.group])
			return err_set(
			    e, ERR_IO, "the input changed while it was read");
		memcpy(chooser_set(&m->chooser, (uint32_t)s.group),
		    side.p + sizeof(s), n);
		n += sizeof(s);
	}
	return 0;
}

/* All verified pairs, to a file that is renamed with the other outputs. */
static int
write_pairs(struct minhash *m, struct out *out, struct run *r, struct err *e)
{
	uint64_t n = 0;

	if (!out)
		return 0;
	if (pairs_write(&m->chooser, out, &n, e) < 0)
		return e->code;
	buf_printf(&r->extra, "\"pairs\":%" PRIu64 ",", n);
	return out_finish(out, e);
}

static const struct docs_ops signatures = { .worker_new = new_worker,
	.worker_free = free_worker,
	.doc = look,
	.fold = collect };

static int
choose_roots(struct minhash *m, struct docs *in, struct run *r, struct err *e)
{
	if (docs_scan(in, &signatures, m, r, e) < 0)
		return e->code;
	m->chooser.choice = budget_calloc(&m->budget, m->groups.n,
	    sizeof(*m->chooser.choice), "documents", e);
	if (!m->chooser.choice ||
	    roots_run(&m->roots, m->chooser.choice, e) < 0)
		return e->code;
	m->chooser.candidates = m->roots.joined;
	return 0;
}

static int
choose(struct minhash *m, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops sets = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = fetch,
		.fold = store };
	int threads = r->opt->threads > 1 ? r->opt->threads : 1;
	int64_t n;

	if (docs_scan(in, &signatures, m, r, e) < 0 ||
	    bands_sort(&m->bands, threads, e) < 0)
		return e->code;
	n = chooser_plan(&m->chooser, e);
	if (n < 0)
		return e->code;
	if (n && docs_scan(in, &sets, m, r, e) < 0)
		return e->code;
	return chooser_run(&m->chooser, e);
}

static int
add_stats(const struct minhash *m, const struct apply *a, struct run *r,
    struct err *e)
{
	const struct minhash_opt *o = m->opt;
	struct clusters c;

	if (apply_clusters(a, &c, e) < 0)
		return e->code;
	buf_printf(&r->extra,
	    "\"distinct\":%zu,\"candidates\":%" PRIu64 ",\"verified\":%" PRIu64
	    ",\"clusters\":%" PRIu64 ",\"largest_cluster\":%" PRIu64
	    ",\"expected_recall\":",
	    m->groups.n, m->chooser.candidates, m->chooser.verified, c.n,
	    c.largest);
	buf_double(&r->extra, signer_recall((size_t)o->bands, (size_t)o->rows,
				  o->roots ? UNVERIFIED : o->verify));
	buf_putc(&r->extra, ',');
	return buf_ok(&r->extra, e);
}

static int
run_all(struct minhash *m, struct docs *in, struct out *pairs, struct run *r,
    struct err *e)
{
	struct apply a = { .groups = &m->groups,
		.rule = "near_duplicate",
		.has_value = !m->opt->roots,
		.threshold = m->opt->verify };
	int rc =
	    m->opt->roots ? choose_roots(m, in, r, e) : choose(m, in, r, e);

	if (rc < 0 || write_pairs(m, pairs, r, e) < 0)
		return e->code;
	a.choice = m->chooser.choice;
	if (apply_run(&a, in, r, e) < 0)
		return e->code;
	return add_stats(m, &a, r, e);
}

static int
init(struct minhash *m, const struct run *r, struct err *e)
{
	size_t nband = (size_t)m->opt->bands, nrow = (size_t)m->opt->rows;

	m->nkey = m->opt->roots ? nband * nrow : nband;
	m->roots = (struct roots){
		.budget = &m->budget, .nband = nband, .nrow = nrow
	};
	m->chooser = (struct chooser){ .budget = &m->budget,
		.groups = &m->groups,
		.bands = &m->bands,
		.least = m->opt->verify,
		.want_matches = m->opt->pairs != NULL };
	groups_init(&m->groups, &m->budget, m->opt->pairs != NULL);
	if (budget_init(&m->budget, r->opt, e) < 0 ||
	    (m->opt->roots ? signer_init_datatrove(&m->signer, nband, nrow, e)
			   : signer_init(&m->signer, nband, nrow, r->opt->seed,
				 e)) < 0 ||
	    bands_init(&m->bands, &m->budget, nband, e) < 0)
		return e->code;
	m->keys = calloc(m->nkey, sizeof(*m->keys));
	return m->keys ? 0 : err_nomem(e, "bands");
}

static void
release(struct minhash *m)
{
	chooser_free(&m->chooser);
	roots_free(&m->roots);
	bands_free(&m->bands);
	signer_free(&m->signer);
	groups_free(&m->groups);
	free(m->keys);
}

int
dedup_minhash(struct docs *in, struct run *r, const struct minhash_opt *opt,
    struct err *e)
{
	struct minhash m = { .opt = opt };
	struct out *pairs = NULL;
	int rc = check_options(opt, e);

	if (rc < 0 || (rc = prefer_parse(&m.prefer, opt->prefer, e)) < 0)
		return rc;
	rc = init(&m, r, e);
	if (rc == 0 && opt->pairs)
		rc = out_open(&pairs, opt->pairs, e);
	if (rc == 0)
		rc = run_all(&m, in, pairs, r, e);
	if (rc == 0 && pairs)
		rc = out_rename(pairs, e);
	out_close(pairs);
	release(&m);
	return rc;
}

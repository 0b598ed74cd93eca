/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "dedup/apply.h"
#include "dedup/index.h"
#include "dedup/key.h"
#include "dedup/minhash.h"
#include "dedup/near.h"
#include "dedup/pairs.h"
#include "dedup/roots.h"
#include "dedup/setfiles.h"
#include "dedup/signatures.h"
#include "dedup/stages.h"
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
	{ "plain", UNIT_WORDS, 5, 40, 4, .8, false, NULL, NULL, NULL },
	{ "chars", UNIT_CHARS, 5, 40, 4, .8, false, NULL, NULL, NULL },
	{ "fineweb", UNIT_TOKENS, 5, 14, 8, .75, false, NULL, NULL, NULL },
	{ "refinedweb", UNIT_TOKENS, 5, 450, 20, .8, false, NULL, NULL, NULL },
	{ "nemo", UNIT_POINTS, 24, 20, 13, .8, false, NULL, NULL, NULL },
	{ "datatrove", UNIT_JOINED, 5, 14, 8, 0, true, NULL, NULL, NULL },
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

static int
check_range(const char *name, int v, int max, struct err *e)
{
	if (v >= 1 && v <= max)
		return 0;
	return err_set(
	    e, ERR_ARG, "option --%s: %d is not in 1..%d", name, v, max);
}

int
minhash_check(const struct minhash_opt *o, struct err *e)
{
	if (check_range("ngram", o->ngram, MAX_NGRAM, e) < 0 ||
	    check_range("bands", o->bands, MAX_BANDS, e) < 0 ||
	    check_range("rows", o->rows, MAX_ROWS, e) < 0)
		return e->code;
	if (o->roots && (o->verify != 0 || o->pairs || o->prefer || o->index))
		return err_set(e, ERR_ARG,
		    "--profile %s verifies and prefers nothing: it takes no "
		    "--verify, --pairs, --prefer or --index",
		    o->profile);
	if (!o->roots && !(o->verify > 0 && o->verify <= 1))
		return err_set(e, ERR_ARG,
		    "option --verify: %g is no similarity, over 0 and up to 1",
		    o->verify);
	return 0;
}

static int
take_head(
    void *to, uint64_t place, struct str head, struct str set, struct err *e)
{
	struct near *x = to;

	(void)place;
	(void)set;
	return sorter_add(&x->docs, head, e);
}

/* A document on its own, numbered in order. */
struct rooted {
	struct near *x;
	struct roots roots;
	struct buf b;
};

static int
take_root(
    void *to, uint64_t place, struct str head, struct str set, struct err *e)
{
	struct rooted *t = to;
	struct row row = { .rank = t->roots.n, .place = place, .count = 1 };
	struct who w;

	(void)set;
	head.p += sizeof(struct hash128);
	head.n -= sizeof(struct hash128);
	who_get(&head, &w);
	row.line = w.line;
	row.id = w.id;
	row.nset = key_get_u32(&head);
	if (row_put(&t->x->table, &t->b, &row, e) < 0)
		return e->code;
	return roots_add(&t->roots, head.p, e);
}

static int
take_roots(struct rooted *t, struct err *e)
{
	const uint32_t *head = t->roots.head;
	uint32_t i;

	t->x->distinct = t->roots.n;
	t->x->candidates = t->roots.joined;
	for (i = 0; i < t->roots.n; i++)
		if (head[i] != i &&
		    dropped_put(&t->x->choices, &t->b,
			&(struct dropped){ head[i], i, 1, 1 }, e) < 0)
			return e->code;
	return 0;
}

static int
choose_roots(struct near *x, struct docs *in, struct run *r, struct err *e)
{
	struct rooted t = { .x = x };
	struct signatures_to to = { false, take_root, &t };
	int rc;

	roots_init(&t.roots, x->signer.nband, x->signer.nrow,
	    budget_share(&x->budget, 1, 2));
	rc = near_signatures(x, in, r, &to, e);
	if (rc == 0)
		rc = roots_run(&t.roots, e);
	if (rc == 0)
		rc = take_roots(&t, e);
	roots_free(&t.roots);
	buf_free(&t.b);
	return rc;
}

/* Up to what is to be verified. */
static int
find(struct near *x, struct err *e)
{
	if (near_groups(x, e) < 0 || near_buckets(x, e) < 0 ||
	    near_ranks(x, e) < 0 || near_links(x, e) < 0)
		return e->code;
	return near_needed(x, e);
}

/* Signatures, and sets, of this dump: to be searched and remembered. */
struct own {
	struct near *x;
	struct rec_out file;
	struct buf b;
};

static int
take_own(
    void *to, uint64_t place, struct str head, struct str set, struct err *e)
{
	struct own *o = to;

	buf_clear(&o->b);
	key_u64(&o->b, place);
	buf_str(&o->b, set);
	if (buf_ok(&o->b, e) < 0 || sorter_add(&o->x->docs, head, e) < 0 ||
	    rec_add(&o->file, 0, head, e) < 0)
		return e->code;
	return rec_add(&o->file, 1, buf_view(&o->b), e);
}

/* With an index: sets are kept as they come, those of earlier dumps are there.
 */
static int
choose_with(struct near *x, struct docs *in, struct run *r,
    struct dump_index *ix, struct rec_in *own, struct err *e)
{
	struct own o = { .x = x };
	struct signatures_to to = { true, take_own, &o };
	struct set_files f = { &own, 1, ix->dumps, ix->n };
	int rc = rec_create(&o.file, NULL, REC_SIGNATURES, "", e);

	if (rc == 0)
		rc = index_feed(ix, x, e);
	if (rc == 0)
		rc = near_signatures(x, in, r, &to, e);
	if (rc == 0)
		rc = rec_end(&o.file, 0, e);
	if (rc == 0)
		rc = rec_again(own, &o.file, e);
	rec_close(&o.file);
	buf_free(&o.b);
	if (rc < 0 || find(x, e) < 0 || near_sets_of(x, &f, e) < 0)
		return e->code;
	return near_choose(x, r->opt->threads, e);
}

static int
choose(struct near *x, struct docs *in, struct run *r, struct err *e)
{
	struct signatures_to to = { false, take_head, x };

	if (near_signatures(x, in, r, &to, e) < 0 || find(x, e) < 0 ||
	    near_sets(x, in, r, e) < 0)
		return e->code;
	return near_choose(x, r->opt->threads, e);
}

/* All verified pairs, to a file that is renamed with the other outputs. */
int
minhash_pairs(struct near *x, struct out *out, struct run *r, struct err *e)
{
	uint64_t n;

	if (!out)
		return 0;
	if (pairs_write(x, out, &n, e) < 0)
		return e->code;
	buf_printf(&r->extra, "\"pairs\":%" PRIu64 ",", n);
	return out_finish(out, e);
}

int
minhash_stats(const struct near *x, struct run *r, struct err *e)
{
	const struct minhash_opt *o = x->opt;

	buf_printf(&r->extra,
	    "\"distinct\":%" PRIu64 ",\"candidates\":%" PRIu64
	    ",\"verified\":%" PRIu64 ",\"clusters\":%" PRIu64
	    ",\"largest_cluster\":%" PRIu64 ",\"expected_recall\":",
	    x->distinct, x->candidates, x->verified, x->clusters.n,
	    x->clusters.largest);
	buf_double(&r->extra, signer_recall((size_t)o->bands, (size_t)o->rows,
				  o->roots ? UNVERIFIED : o->verify));
	buf_putc(&r->extra, ',');
	return buf_ok(&r->extra, e);
}

static int
write_all(struct near *x, struct docs *in, struct out *pairs, struct run *r,
    struct err *e)
{
	struct apply a = { .verdicts = &x->verdicts,
		.lines = &x->lines,
		.rule = "near_duplicate",
		.has_value = !x->opt->roots,
		.threshold = x->opt->verify };

	if (minhash_pairs(x, pairs, r, e) < 0 || near_conclude(x, e) < 0 ||
	    apply_run(&a, in, r, e) < 0)
		return e->code;
	return minhash_stats(x, r, e);
}

static int
run_with_index(struct near *x, struct docs *in, struct out *pairs,
    struct run *r, struct dump_index *ix, struct err *e)
{
	struct buf options = { 0 };
	struct rec_in own = { 0 };
	int rc;

	stage_options(x->opt, r->opt->seed, &options);
	buf_putc(&options, '\0');
	rc = buf_ok(&options, e);
	if (rc == 0)
		rc = index_open(ix, x->opt->index, options.p, e);
	if (rc == 0)
		rc = choose_with(x, in, r, ix, &own, e);
	if (rc == 0)
		rc = write_all(x, in, pairs, r, e);
	if (rc == 0)
		rc = index_keep(ix, x, &own, options.p, e);
	rec_free(&own);
	buf_free(&options);
	return rc;
}

static int
run_all(struct near *x, struct docs *in, struct out *pairs, struct run *r,
    struct dump_index *ix, struct err *e)
{
	int rc;

	if (x->opt->index)
		return run_with_index(x, in, pairs, r, ix, e);
	rc = x->opt->roots ? choose_roots(x, in, r, e) : choose(x, in, r, e);
	return rc < 0 ? rc : write_all(x, in, pairs, r, e);
}

int
dedup_minhash(struct docs *in, struct run *r, const struct minhash_opt *opt,
    struct dump_index *ix, struct err *e)
{
	struct near x = { 0 };
	struct out *pairs = NULL;
	int rc = minhash_check(opt, e);

	if (rc == 0)
		rc = near_init(&x, r, opt, e);
	if (rc == 0 && opt->pairs)
		rc = out_open(&pairs, opt->pairs, e);
	if (rc == 0)
		rc = run_all(&x, in, pairs, r, ix, e);
	if (rc == 0 && pairs)
		rc = out_rename(pairs, e);
	out_close(pairs);
	near_free(&x);
	return rc;
}

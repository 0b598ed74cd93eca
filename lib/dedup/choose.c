/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/bands.h"
#include "dedup/budget.h"
#include "dedup/choose.h"
#include "dedup/groups.h"
#include "dedup/shingles.h"

void
chooser_free(struct chooser *c)
{
	free(c->nset);
	free(c->at);
	free(c->hashes);
	free(c->choice);
	free(c->matches);
	free(c->stamp);
}

int
chooser_size(struct chooser *c, size_t group, uint64_t n, struct err *e)
{
	uint32_t *more;

	if (n > UINT32_MAX)
		return err_set(e, ERR_ARG, "more than 4 G shingles");
	more = budget_grow(c->budget, c->nset, &c->nset_cap, group + 1,
	    sizeof(*more), "documents", e);
	if (!more)
		return e->code;
	c->nset = more;
	c->nset[group] = (uint32_t)n;
	return 0;
}

static bool
in_bucket(const struct bands *b, uint32_t group)
{
	size_t i;

	for (i = 0; i < b->nband; i++)
		if (bands_bucket(b, i, group) != NO_BUCKET)
			return true;
	return false;
}

static int
alloc_groups(struct chooser *c, size_t n, struct err *e)
{
	c->at = budget_calloc(c->budget, n, sizeof(*c->at), "documents", e);
	if (!c->at)
		return e->code;
	c->stamp =
	    budget_calloc(c->budget, n, sizeof(*c->stamp), "documents", e);
	if (!c->stamp)
		return e->code;
	c->choice =
	    budget_calloc(c->budget, n, sizeof(*c->choice), "documents", e);
	return c->choice ? 0 : e->code;
}

int64_t
chooser_plan(struct chooser *c, struct err *e)
{
	size_t i, n = c->groups->n;
	uint64_t total = 0;
	int64_t sets = 0;

	if (alloc_groups(c, n, e) < 0)
		return e->code;
	for (i = 0; i < n; i++) {
		c->at[i] = NO_SET;
		if (!in_bucket(c->bands, (uint32_t)i))
			continue;
		c->at[i] = total;
		total += c->nset[i];
		sets++;
	}
	c->hashes = budget_calloc(
	    c->budget, total, sizeof(*c->hashes), "shingles to compare", e);
	return c->hashes ? sets : e->code;
}

uint64_t *
chooser_set(const struct chooser *c, uint32_t group)
{
	return c->at[group] == NO_SET ? NULL : c->hashes + c->at[group];
}

static int
add_match(struct chooser *c, uint32_t a, uint32_t b, double j, struct err *e)
{
	struct match *more;

	c->verified++;
	if (!c->want_matches)
		return 0;
	more = budget_grow(c->budget, c->matches, &c->match_cap, c->nmatch + 1,
	    sizeof(*more), "pairs", e);
	if (!more)
		return e->code;
	c->matches = more;
	c->matches[c->nmatch++] = (struct match){ a, b, j };
	return 0;
}

static bool
is_kept(const struct chooser *c, uint32_t group)
{
	return c->choice[group].head == group;
}

/* Is `by` with similarity j a better reason to drop a group than *best? */
static bool
is_better(
    const struct chooser *c, const struct choice *best, uint32_t by, double j)
{
	const struct group *v = c->groups->v;

	if (best->head == NO_GROUP || j != best->jaccard)
		return best->head == NO_GROUP || j > best->jaccard;
	return who_cmp(&v[by].best, &v[best->head].best) < 0;
}

static int
compare(struct chooser *c, uint32_t group, uint32_t other, struct choice *best,
    struct err *e)
{
	double j = jaccard(c->hashes + c->at[group], c->nset[group],
	    c->hashes + c->at[other], c->nset[other], c->least);

	c->candidates++;
	if (j < c->least)
		return 0;
	if (add_match(c, other, group, j, e) < 0)
		return e->code;
	if (is_kept(c, other) && is_better(c, best, other, j))
		*best = (struct choice){ other, j };
	return 0;
}

/* Compare a group with those before it in one bucket, each only once. */
static int
compare_bucket(struct chooser *c, const struct band *x, uint32_t bucket,
    uint32_t group, uint32_t stamp, struct choice *best, struct err *e)
{
	const uint32_t *m = x->members + x->start[bucket];
	uint32_t i;

	for (i = 0; i < x->fill[bucket]; i++) {
		if (c->stamp[m[i]] == stamp)
			continue;
		c->stamp[m[i]] = stamp;
		if (compare(c, group, m[i], best, e) < 0)
			return e->code;
	}
	return 0;
}

/*
 * Only kept groups go into the buckets, so that a thousand copies of a page
 * are each compared with the one that stays; unless every pair is asked for.
 */
static int
decide(struct chooser *c, uint32_t group, uint32_t stamp, struct err *e)
{
	struct choice best = { NO_GROUP, 1 };
	uint32_t bucket;
	size_t i;

	for (i = 0; i < c->bands->nband; i++) {
		bucket = bands_bucket(c->bands, i, group);
		if (bucket == NO_BUCKET)
			continue;
		if (compare_bucket(
			c, &c->bands->v[i], bucket, group, stamp, &best, e) < 0)
			return e->code;
	}
	if (best.head != NO_GROUP)
		c->choice[group] = best;
	if (best.head == NO_GROUP || c->want_matches)
		bands_put(c->bands, group);
	return 0;
}

static int
by_best(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;

	return who_cmp(&(*x)->best, &(*y)->best);
}

/* The groups in a bucket, by their best ids; *n of them.  NULL on an error. */
static const struct group **
in_order(struct chooser *c, size_t *n, struct err *e)
{
	const struct groups *g = c->groups;
	const struct group **v;
	size_t i;

	*n = 0;
	for (i = 0; i < g->n; i++)
		*n += c->at[i] != NO_SET;
	/* qsort() takes as much again. */
	v = budget_calloc(c->budget, *n, 2 * sizeof(*v), "sorting", e);
	if (!v)
		return NULL;
	*n = 0;
	for (i = 0; i < g->n; i++)
		if (c->at[i] != NO_SET)
			v[(*n)++] = &g->v[i];
	qsort(v, *n, sizeof(*v), by_best);
	return v;
}

int
chooser_run(struct chooser *c, struct err *e)
{
	const struct group **order;
	size_t i, n;
	int rc = 0;

	for (i = 0; i < c->groups->n; i++)
		c->choice[i] = (struct choice){ (uint32_t)i, 1 };
	order = in_order(c, &n, e);
	if (!order)
		return e->code;
	for (i = 0; rc == 0 && i < n; i++)
		rc = decide(
		    c, (uint32_t)(order[i] - c->groups->v), (uint32_t)i + 1, e);
	free(order);
	budget_give(c->budget, 2 * n * sizeof(*order));
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* The lists of shares in a recipe: NAME:PERCENT ... */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/recipe_impl.h"

bool
recipe_source(const struct recipe *r, struct str name, uint32_t *i)
{
	for (*i = 0; *i < r->nsource; ++*i)
		if (str_eq(r->sources[*i].name, name))
			return true;
	return false;
}

const struct recipe_blend *
recipe_group(const struct recipe *r, struct str name)
{
	uint32_t i;

	for (i = 0; i < r->ngroup; i++)
		if (str_eq(r->groups[i].name, name))
			return &r->groups[i];
	return NULL;
}

static int
check_supported(struct parser *p, const struct word *w)
{
	static const char *const no[] = { "->",
		"len>=", "len<=", "lr=", "seq=", "order=", "~" };
	size_t i, n;

	for (i = 0; i < sizeof(no) / sizeof(*no); i++) {
		n = strlen(no[i]);
		if (w->s.n >= n && memcmp(w->s.p, no[i], n) == 0)
			return recipe_fail(p, w,
			    "'%s' can't stand here: write SOURCE:PERCENT ...",
			    no[i]);
	}
	return 0;
}

static int
take_item(struct parser *p, const struct word *w, struct item *it)
{
	const char *colon = memchr(w->s.p, ':', w->s.n);

	if (check_supported(p, w) < 0)
		return p->e->code;
	*it = (struct item){ w, w->s, { NULL, 0 } };
	if (!colon)
		return 0;
	it->name.n = (size_t)(colon - w->s.p);
	it->share = (struct str){ colon + 1, w->s.n - it->name.n - 1 };
	if (memmem(it->share.p, it->share.n, "->", 2))
		return recipe_fail(p, w,
		    "shares change all together: write the list, '->' and the "
		    "list at the end");
	if (str_starts(it->share, STR("epochs=")))
		return recipe_fail(p, w, "epochs= can only stand in a phase");
	return 0;
}

/* Words of the list, those with commas in parts: *out is freed by the caller */
static int
cut(struct parser *p, const struct word *w, size_t n, struct word **out,
    size_t *nout)
{
	size_t i, most = 0, from, end;
	const char *comma;

	for (i = 0; i < n; i++)
		most += w[i].s.n / 2 + 1;
	*nout = 0;
	*out = calloc(most, sizeof(**out));
	if (!*out)
		return recipe_nomem(p);
	for (i = 0; i < n; i++)
		for (from = 0; from <= w[i].s.n; from = end + 1) {
			comma = memchr(w[i].s.p + from, ',', w[i].s.n - from);
			end = comma ? (size_t)(comma - w[i].s.p) : w[i].s.n;
			if (end == from)
				return recipe_fail(
				    p, &w[i], "a share is missing at a comma");
			(*out)[(*nout)++] =
			    (struct word){ { w[i].s.p + from, end - from },
				    w[i].column + (uint32_t)from };
		}
	return 0;
}

/* The name nearest to `name`, for a hint: same first letters win. */
static struct str
nearest(const struct recipe *r, struct str name)
{
	struct str best = { NULL, 0 }, s;
	size_t most = 0, n;
	uint32_t i;

	for (i = 0; i < r->nsource + r->ngroup; i++) {
		s = i < r->nsource ? r->sources[i].name
				   : r->groups[i - r->nsource].name;
		for (n = 0; n < s.n && n < name.n && s.p[n] == name.p[n]; n++)
			;
		if (n > most) {
			most = n;
			best = s;
		}
	}
	return best;
}

static int
unknown(struct parser *p, const struct word *w, struct str name)
{
	struct str hint = nearest(p->r, name);

	if (hint.p)
		return recipe_fail(p, w,
		    "no source or group '%.*s' before this line; is '%.*s' "
		    "meant?",
		    SHOW(name), SHOW(hint));
	return recipe_fail(p, w,
	    "no source or group '%.*s' before this line: write source %.*s "
	    "PATH first",
	    SHOW(name), SHOW(name));
}

/* Add share times what name stands for to acc, (nsource). */
static int
spread(struct parser *p, const struct item *it, struct ratio share,
    struct ratio *acc)
{
	const struct recipe_blend *g = recipe_group(p->r, it->name);
	struct recipe_share one = { 0, { 1, 1 } };
	const struct recipe_share *v = g ? g->v : &one;
	uint32_t i, n = g ? g->n : 1;
	struct ratio part;

	if (!g && !recipe_source(p->r, it->name, &one.source))
		return unknown(p, it->word, it->name);
	for (i = 0; i < n; i++)
		if (!ratio_mul(share, v[i].w, &part) ||
		    !ratio_add(acc[v[i].source], part, &acc[v[i].source]))
			return recipe_fail(p, it->word,
			    "shares too fine to be kept exact: use fewer "
			    "digits");
	return 0;
}

/* What the share of each item is: percent, or the rest. */
static int
item_shares(struct parser *p, const struct item *it, size_t n, struct ratio *v)
{
	const struct ratio all = { 100, 1 }, percent = { 1, 100 };
	struct ratio sum = { 0, 1 };
	size_t i, rest = n;

	for (i = 0; i < n; i++) {
		if (n == 1 && !it[i].share.p) {
			v[i] = all;
		} else if (!it[i].share.p) {
			return recipe_fail(p, it[i].word,
			    "'%.*s' needs a share: write %.*s:PERCENT or "
			    "%.*s:rest",
			    SHOW(it[i].name), SHOW(it[i].name),
			    SHOW(it[i].name));
		} else if (str_eq(it[i].share, STR("rest"))) {
			if (rest < n)
				return recipe_fail(p, it[i].word,
				    "a second 'rest'; only one can have it");
			rest = i;
			continue;
		} else if (!ratio_parse(it[i].share, &v[i]) || !v[i].num) {
			return recipe_fail(p, it[i].word,
			    "'%.*s' is not a share: write a percentage above "
			    "0, or rest",
			    SHOW(it[i].share));
		}
		if (!ratio_add(sum, v[i], &sum))
			return recipe_fail(p, it[i].word,
			    "shares too fine to be kept exact: use fewer "
			    "digits");
	}
	if (rest < n && (!ratio_sub(all, sum, &v[rest]) || !v[rest].num))
		return recipe_fail(p, it[rest].word,
		    "nothing is left: the other shares add up to %.10g %%",
		    ratio_double(sum));
	if (rest == n && ratio_cmp(sum, all) != 0)
		return recipe_fail(p, it[0].word,
		    "shares are percent and add up to %.10g, not 100: write "
		    "%.*s:rest for what is left",
		    ratio_double(sum), SHOW(it[n - 1].name));
	for (i = 0; i < n; i++)
		if (!ratio_mul(v[i], percent, &v[i]))
			return recipe_fail(p, it[i].word, "a share too fine");
	return 0;
}

static int
repeated(struct parser *p, const struct item *it, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (str_eq(it[i].name, it[j].name))
				return recipe_fail(p, it[i].word,
				    "'%.*s' a second time; write one share",
				    SHOW(it[i].name));
	return 0;
}

/* The sources in acc whose share is above 0. */
static int
gather(struct parser *p, const struct ratio *acc, struct recipe_blend *b)
{
	uint32_t i;

	b->n = 0;
	for (i = 0; i < p->r->nsource; i++)
		b->n += acc[i].num > 0;
	b->v = arena_alloc(&p->r->arena, b->n * sizeof(*b->v));
	if (!b->v)
		return recipe_nomem(p);
	b->n = 0;
	for (i = 0; i < p->r->nsource; i++)
		if (acc[i].num)
			b->v[b->n++] = (struct recipe_share){ i, acc[i] };
	return 0;
}

static int
take_shares(struct parser *p, const struct word *w, size_t n, struct item *it,
    struct ratio *v, struct ratio *acc)
{
	bool rule = n > 1 && recipe_is_rule(w[0].s);
	size_t i;
	int rc = 0;

	n -= rule;
	for (i = 0; rc == 0 && i < n; i++)
		rc = take_item(p, &w[i + rule], &it[i]);
	if (rc == 0)
		rc = repeated(p, it, n);
	if (rc == 0)
		rc = rule ? recipe_rule(p, &w[0], it, n, v)
			  : item_shares(p, it, n, v);
	for (i = 0; rc == 0 && i < n; i++)
		rc = spread(p, &it[i], v[i], acc);
	return rc;
}

int
recipe_shares(
    struct parser *p, const struct word *w, size_t n, struct recipe_blend *b)
{
	struct ratio *acc = calloc((size_t)p->r->nsource + 1, sizeof(*acc)), *v;
	struct word *words = NULL;
	struct item *it;
	size_t i;
	int rc = acc ? cut(p, w, n, &words, &n) : recipe_nomem(p);

	it = rc == 0 ? calloc(n, sizeof(*it)) : NULL;
	v = rc == 0 ? calloc(n, sizeof(*v)) : NULL;
	if (rc == 0 && (!it || !v))
		rc = recipe_nomem(p);
	for (i = 0; rc == 0 && i < p->r->nsource; i++)
		acc[i].den = 1;
	if (rc == 0)
		rc = take_shares(p, words, n, it, v, acc);
	if (rc == 0)
		rc = gather(p, acc, b);
	free(words);
	free(it);
	free(v);
	free(acc);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* Shares that follow from the sizes of sources. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/parts.h"
#include "mix/recipe_impl.h"

/* Shares that are no exact numbers are multiples of one in so many. */
#define PARTS 1000000000u

struct rule {
	const char *name;
	/* Sizes to weights, in place. */
	int (*weigh)(struct parser *p, const struct word *rule, struct str arg,
	    double *v, size_t n);
};

/* [:CAP], at the end of an argument: sizes are at most that. */
static int
cap_sizes(struct parser *p, const struct word *rule, struct str arg, double *v,
    size_t n)
{
	uint64_t cap;
	size_t i;

	if (recipe_number(p, rule, arg,
		"a number of tokens such as 500M: the most that a source "
		"counts for",
		num_count, &cap) < 0)
		return p->e->code;
	if (cap == 0)
		return recipe_fail(p, rule, "a cap is above 0");
	for (i = 0; i < n; i++)
		v[i] = v[i] < (double)cap ? v[i] : (double)cap;
	return 0;
}

static int
proportional(struct parser *p, const struct word *rule, struct str arg,
    double *v, size_t n)
{
	return arg.p ? cap_sizes(p, rule, arg, v, n) : 0;
}

/* ARG or ARG:MORE */
static struct str
before_colon(struct str arg, struct str *more)
{
	const char *colon = arg.n ? memchr(arg.p, ':', arg.n) : NULL;

	*more = (struct str){ NULL, 0 };
	if (!colon)
		return arg;
	*more = (struct str){ colon + 1, arg.n - (size_t)(colon + 1 - arg.p) };
	return (struct str){ arg.p, (size_t)(colon - arg.p) };
}

/*
 * Source: Raffel et al., "Exploring the limits of transfer learning with T5",
 * section 3.5.2.
 */
static int
temperature(struct parser *p, const struct word *rule, struct str arg,
    double *v, size_t n)
{
	struct str cap, s = before_colon(arg, &cap);
	struct ratio t;
	size_t i;

	if (!arg.p || !ratio_parse(s, &t) || !t.num)
		return recipe_fail(p, rule,
		    "write temperature=T, a number above 0, or "
		    "temperature=T:CAP");
	if (cap.p && cap_sizes(p, rule, cap, v, n) < 0)
		return p->e->code;
	for (i = 0; i < n; i++)
		v[i] = pow(v[i], 1 / ratio_double(t));
	return 0;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = *(double *const *)a, *y = *(double *const *)b;

	if (*x != *y)
		return *x < *y ? -1 : 1;
	return x < y ? -1 : 1;
}

/*
 * As even as it gets with at most E epochs of each out of a budget.
 * Source: Chung et al., "UniMax: fairer and more effective language sampling
 * for large-scale multilingual pretraining", algorithm 1.
 */
static int
unimax(struct parser *p, const struct word *rule, struct str arg, double *v,
    size_t n)
{
	struct str budget, s = before_colon(arg, &budget);
	double left, fair, **order;
	struct ratio epochs;
	uint64_t tokens;
	size_t i;

	if (!arg.p || !ratio_parse(s, &epochs) || !epochs.num || !budget.p)
		return recipe_fail(p, rule,
		    "write unimax=EPOCHS:BUDGET: at most so many epochs of "
		    "each, of so many tokens in all");
	if (recipe_number(p, rule, budget, "a number of tokens such as 100B",
		num_count, &tokens) < 0)
		return p->e->code;
	if (tokens == 0)
		return recipe_fail(p, rule, "a budget is above 0");
	order = calloc(n, sizeof(*order));
	if (!order)
		return recipe_nomem(p);
	for (i = 0; i < n; i++)
		order[i] = &v[i];
	qsort(order, n, sizeof(*order), by_size);
	left = (double)tokens;
	for (i = 0; i < n; i++) {
		fair = left / (double)(n - i);
		*order[i] *= ratio_double(epochs);
		*order[i] = *order[i] < fair ? *order[i] : fair;
		left -= *order[i];
	}
	free(order);
	return 0;
}

static const struct rule rules[] = {
	{ "proportional", proportional },
	{ "temperature", temperature },
	{ "unimax", unimax },
};

/* The rule of a word NAME or NAME=ARG. */
static const struct rule *
find_rule(struct str s, struct str *arg)
{
	const char *eq = memchr(s.p, '=', s.n);
	size_t i;

	*arg = (struct str){ NULL, 0 };
	if (eq) {
		*arg = (struct str){ eq + 1, s.n - (size_t)(eq + 1 - s.p) };
		s.n = (size_t)(eq - s.p);
	}
	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (str_eq(s, str_c(rules[i].name)))
			return &rules[i];
	return NULL;
}

bool
recipe_is_rule(struct str s)
{
	struct str arg;

	return find_rule(s, &arg) != NULL;
}

/* Tokens of a source, or of all sources of a group. */
static int
size_of(struct parser *p, const struct item *it, double *size)
{
	const struct recipe_blend *g = recipe_group(p->r, it->name);
	struct recipe_share one = { 0, { 1, 1 } };
	const struct recipe_share *v = g ? g->v : &one;
	uint32_t i, n = g ? g->n : 1;
	uint64_t tokens;

	*size = 0;
	if (!g && !recipe_source(p->r, it->name, &one.source))
		return recipe_fail(p, it->word,
		    "no source or group '%.*s' before this line",
		    SHOW(it->name));
	for (i = 0; i < n; i++) {
		if (p->sizes->tokens(
			p->sizes->ctx, p->r, v[i].source, &tokens, p->e) < 0)
			return p->e->code;
		*size += (double)tokens;
	}
	if (*size > 0)
		return 0;
	return recipe_fail(p, it->word, "'%.*s' has no tokens", SHOW(it->name));
}

/* Weights to shares in PARTS. */
static int
round_off(struct parser *p, const struct item *it, const double *v, size_t n,
    struct ratio *out)
{
	uint64_t *w = calloc(n, sizeof(*w));
	int rc = w ? parts_round(v, n, PARTS, w, p->e) : recipe_nomem(p);
	size_t i;

	for (i = 0; rc == 0 && i < n; i++) {
		if (!w[i])
			rc = recipe_fail(p, it[i].word,
			    "the share of '%.*s' is below one in %u: leave it "
			    "out, or use a higher temperature",
			    SHOW(it[i].name), PARTS);
		else
			ratio_mul((struct ratio){ w[i], 1 },
			    (struct ratio){ 1, PARTS }, &out[i]);
	}
	free(w);
	return rc;
}

int
recipe_rule(struct parser *p, const struct word *word, const struct item *it,
    size_t n, struct ratio *out)
{
	struct str arg;
	const struct rule *rule = find_rule(word->s, &arg);
	double *v = calloc(n, sizeof(*v));
	size_t i;
	int rc = v ? 0 : recipe_nomem(p);

	if (rc == 0 && !p->sizes)
		rc = recipe_fail(
		    p, word, "the sizes of sources are not known here");
	for (i = 0; rc == 0 && i < n; i++) {
		if (it[i].share.p)
			rc = recipe_fail(p, it[i].word,
			    "behind %s stand names only, their shares follow "
			    "from their sizes",
			    rule->name);
		else
			rc = size_of(p, &it[i], &v[i]);
	}
	if (rc == 0)
		rc = rule->weigh(p, word, arg, v, n);
	if (rc == 0)
		rc = round_off(p, it, v, n, out);
	free(v);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* adapt RULE every=STEPS ...: shares that follow losses. */
#define _GNU_SOURCE
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/recipe_impl.h"

static const struct way {
	const char *name;
	enum recipe_adapts kind;
	double rate, smooth; /* by default */
	double most;         /* of smooth */
	const char *file;    /* the option that names it, or NULL */
} ways[] = {
	{ "doremi", ADAPT_DOREMI, 1, 1e-3, 1, "reference=" },
	{ "odm", ADAPT_ODM, 1, .9, .999999, NULL },
	{ "skill-it", ADAPT_SKILLIT, .2, 0, 1, "matrix=" },
};

static int
read_number(
    struct parser *p, const struct word *w, size_t skip, double most, double *v)
{
	struct str s = { w->s.p + skip, w->s.n - skip };
	struct ratio x;

	if (!ratio_parse(s, &x) || ratio_double(x) > most)
		return recipe_fail(
		    p, w, "'%.*s' is not a number from 0 to %g", SHOW(s), most);
	*v = ratio_double(x);
	return 0;
}

static int
read_file(
    struct parser *p, const struct word *w, size_t skip, struct recipe_adapt *a)
{
	struct str s = arena_dup(
	    &p->r->arena, (struct str){ w->s.p + skip, w->s.n - skip });

	if (s.p && (s.n == 0 || memchr(s.p, '\0', s.n)))
		return recipe_fail(p, w, "this is no file");
	a->file = s.p;
	return s.p ? 0 : recipe_nomem(p);
}

static int
read_option(struct parser *p, const struct word *w, const struct way *way,
    struct recipe_adapt *a)
{
	struct str every = { w->s.p + 6, w->s.n - 6 };

	if (recipe_once(p, w) < 0)
		return p->e->code;
	if (str_starts(w->s, STR("rate=")))
		return read_number(p, w, 5, 1e6, &a->rate);
	if (str_starts(w->s, STR("smooth=")))
		return read_number(p, w, 7, way->most, &a->smooth);
	if (way->file && str_starts(w->s, str_c(way->file)))
		return read_file(p, w, strlen(way->file), a);
	if (!str_starts(w->s, STR("every=")))
		return recipe_fail(p, w,
		    "'%.*s' is no option of %s: write every=STEPS, rate=X, "
		    "smooth=X%s%s%s",
		    SHOW(w->s), way->name, way->file ? " or " : "",
		    way->file ? way->file : "", way->file ? "FILE" : "");
	if (recipe_number(
		p, w, every, "a number of steps", num_u64, &a->every) < 0)
		return p->e->code;
	if (a->every == 0 || a->every > UINT32_MAX)
		return recipe_fail(p, w, "every= is 1 to 4294967295 steps");
	return 0;
}

int
recipe_adapt_line(struct parser *p)
{
	static const char usage[] =
	    "adapt doremi|odm|skill-it [every=STEPS] [rate=X] [smooth=X] "
	    "[reference=FILE|matrix=FILE]";
	struct recipe_adapt *a = &p->r->adapt;
	const struct way *way = ways, *end = ways + 3;
	size_t i;

	if (a->kind != ADAPT_NONE)
		return recipe_fail(
		    p, &p->words[0], "a second 'adapt' line; a recipe has one");
	if (recipe_want(p, 2, SIZE_MAX, usage) < 0)
		return p->e->code;
	while (way < end && !str_eq(p->words[1].s, str_c(way->name)))
		way++;
	if (way == end)
		return recipe_fail(p, &p->words[1],
		    "'%.*s' is no rule: write doremi, odm or skill-it",
		    SHOW(p->words[1].s));
	*a = (struct recipe_adapt){ .kind = way->kind,
		.every = 100,
		.rate = way->rate,
		.smooth = way->smooth,
		.line = p->line };
	for (i = 2; i < p->nword; i++)
		if (read_option(p, &p->words[i], way, a) < 0)
			return p->e->code;
	if (!way->file || a->file)
		return 0;
	return recipe_fail(p, &p->words[1], "%s needs a file: write %sFILE",
	    way->name, way->file);
}

bool
recipe_adapts(const struct recipe *r, const struct recipe_phase *ph)
{
	return r->adapt.kind != ADAPT_NONE && ph->blend.n > 1 && !ph->to &&
	       !ph->nwhole;
}

/* SPDX-License-Identifier: MIT */
/* A recipe's sources: shards, or part of another source's documents. */
#define _GNU_SOURCE
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/blend.h"
#include "mix/recipe_impl.h"

static const char usage[] =
    "source NAME PATH [epochs<=E] [order=KEY[:desc]] [KEY>=X] [KEY<=X] "
    "[pack=KIND] [objective=TASK] [foreign=V]";

/* foreign=VOCABULARY: shards that don't say themselves what they are. */
static int
read_foreign(struct parser *p, const struct word *w, struct recipe_source *s)
{
	struct str v = { w->s.p + 8, w->s.n - 8 };
	uint64_t vocab;

	if (recipe_number(
		p, w, v, "the size of a vocabulary", num_u64, &vocab) < 0)
		return p->e->code;
	if (vocab == 0 || vocab > INT32_MAX)
		return recipe_fail(
		    p, w, "a vocabulary has 1 to %d tokens", INT32_MAX);
	if (!p->r->tokenizer[0])
		return recipe_fail(p, w,
		    "foreign shards don't say which tokenizer made them: "
		    "write tokenizer sha256:DIGEST before this line");
	s->vocab = (uint32_t)vocab;
	return 0;
}

/* A key stands in names of arrays and of JSON members. */
static int
read_key(
    struct parser *p, const struct word *w, struct str key, struct str *out)
{
	if (!recipe_is_name(key))
		return recipe_fail(p, w,
		    "'%.*s' is no number of documents: write len, compression "
		    "or the name of one that quern mix index finds",
		    SHOW(key));
	*out = arena_dup(&p->r->arena, key);
	return out->p ? 0 : recipe_nomem(p);
}

static int
add_bound(struct parser *p, struct recipe_pick *pick, struct recipe_bound b)
{
	void *more = recipe_grow(p->r, pick->bounds, pick->nbound, sizeof(b));

	if (!more)
		return recipe_nomem(p);
	pick->bounds = more;
	pick->bounds[pick->nbound++] = b;
	return 0;
}

/* KEY>=X, KEY<=X; op points at the '<' or '>'. */
static int
read_bound(struct parser *p, const struct word *w, const char *op,
    struct recipe_pick *pick)
{
	struct str key = { w->s.p, (size_t)(op - w->s.p) };
	struct str v = { op + 2, w->s.n - key.n - 2 };
	struct recipe_bound b = { .sign = *op == '<' ? -1 : 1 };
	struct err bad;
	char text[64];

	if (read_key(p, w, key, &b.key) < 0)
		return p->e->code;
	if (v.n >= sizeof(text))
		v.n = 0;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	if (memchr(text, '\0', v.n) || num_double(text, &b.v, &bad) < 0)
		return recipe_fail(p, w,
		    "'%.*s' is not a number: write %.*s%c=X", SHOW(v),
		    SHOW(key), *op);
	return add_bound(p, pick, b);
}

/* order=KEY, order=KEY:asc, order=KEY:desc */
static int
read_order(struct parser *p, const struct word *w, struct recipe_pick *pick)
{
	struct str key = { w->s.p + 6, w->s.n - 6 };

	pick->falling = str_ends(key, STR(":desc"));
	if (pick->falling)
		key.n -= 5;
	else if (str_ends(key, STR(":asc")))
		key.n -= 4;
	return read_key(p, w, key, &pick->order);
}

static int
read_cap(struct parser *p, const struct word *w, struct recipe_source *s)
{
	struct str v = { w->s.p + 8, w->s.n - 8 };

	if (ratio_parse(v, &s->epochs) && s->epochs.num)
		return 0;
	return recipe_fail(
	    p, w, "'%.*s' is not a number of epochs above 0", SHOW(v));
}

static int
source_option(struct parser *p, const struct word *w, struct recipe_source *s)
{
	const char *op = memmem(w->s.p, w->s.n, ">=", 2);

	if (recipe_once(p, w) < 0)
		return p->e->code;
	if (str_starts(w->s, STR("epochs<=")))
		return read_cap(p, w, s);
	if (str_starts(w->s, STR("foreign=")))
		return read_foreign(p, w, s);
	if (str_starts(w->s, STR("order=")))
		return read_order(p, w, &s->pick);
	if (str_starts(w->s, STR("pack=")))
		return recipe_packing(p, w, s);
	if (str_starts(w->s, STR("objective=")))
		return recipe_objective(p, w, &s->objective);
	if (str_starts(w->s, STR("epochs=")) ||
	    str_starts(w->s, STR("epochs>")))
		return recipe_fail(p, w,
		    "write epochs<=E here, the most; NAME:epochs=E in a phase "
		    "reads that much of it");
	op = op ? op : memmem(w->s.p, w->s.n, "<=", 2);
	if (op)
		return read_bound(p, w, op, &s->pick);
	return recipe_fail(p, w,
	    "'%.*s' is no option of a source: write epochs<=E, order=KEY, "
	    "KEY>=X, KEY<=X, pack=KIND, objective=TASK or foreign=V",
	    SHOW(w->s));
}

/* FROM..TO, parts of 1 */
static int
read_range(struct parser *p, const struct word *w, struct str s,
    struct recipe_pick *pick)
{
	const char *dots = memmem(s.p, s.n, "..", 2);
	struct str from = { s.p, dots ? (size_t)(dots - s.p) : 0 };
	struct str to = { s.p + from.n + 2, dots ? s.n - from.n - 2 : 0 };

	if (!ratio_parse(from, &pick->from) || !ratio_parse(to, &pick->to))
		return recipe_fail(p, w,
		    "'%.*s' is no range: write NAME[KEY:0.75..1] for the last "
		    "quarter",
		    SHOW(s));
	if (pick->to.num > pick->to.den || ratio_cmp(pick->from, pick->to) >= 0)
		return recipe_fail(p, w,
		    "a range goes from 0 up to 1 at most: '%.*s' does not",
		    SHOW(s));
	return 0;
}

/* NAME[KEY:FROM..TO]: is it that?  *open, *colon: where. */
static bool
is_part(struct str s, const char **open, const char **colon)
{
	*open = memchr(s.p, '[', s.n);
	*colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	return *open && *colon > *open && s.p[s.n - 1] == ']' &&
	       recipe_is_name((struct str){ s.p, (size_t)(*open - s.p) });
}

/* Part of a source defined before: its shards, within its bounds. */
static int
read_part(struct parser *p, const struct word *w, const char *open,
    const char *colon, struct recipe_source *s)
{
	struct str name = { w->s.p, (size_t)(open - w->s.p) };
	struct str key = { open + 1, (size_t)(colon - open - 1) };
	struct str range = { colon + 1,
		(size_t)(w->s.p + w->s.n - 1 - (colon + 1)) };
	const struct recipe_source *of;
	uint32_t i;

	if (!recipe_source(p->r, name, &i))
		return recipe_fail(p, w,
		    "no source '%.*s' before this line to take a part of",
		    SHOW(name));
	of = &p->r->sources[i];
	if (of->pick.part.p)
		return recipe_fail(p, w,
		    "'%.*s' is itself a part of a source: take a part of that",
		    SHOW(name));
	s->path = of->path;
	s->vocab = of->vocab;
	for (i = 0; i < of->pick.nbound; i++)
		if (add_bound(p, &s->pick, of->pick.bounds[i]) < 0)
			return p->e->code;
	if (read_key(p, w, key, &s->pick.part) < 0)
		return p->e->code;
	return read_range(p, w, range, &s->pick);
}

static int
read_path(struct parser *p, const struct word *w, struct recipe_source *s)
{
	const char *open, *colon;
	struct str path;

	if (is_part(w->s, &open, &colon))
		return read_part(p, w, open, colon, s);
	if (w->s.n == 0 || memchr(w->s.p, '\0', w->s.n))
		return recipe_fail(p, w, "this is no path");
	path = arena_dup(&p->r->arena, w->s);
	s->path = path.p;
	return path.p ? 0 : recipe_nomem(p);
}

int
recipe_add_source(struct parser *p, const struct recipe_source *s)
{
	struct recipe *r = p->r;
	void *more;

	if (r->nsource == BLEND_MAX_SOURCES)
		return recipe_fail(
		    p, NULL, "more than %d sources", BLEND_MAX_SOURCES);
	more = recipe_grow(r, r->sources, r->nsource, sizeof(*r->sources));
	if (!more)
		return recipe_nomem(p);
	r->sources = more;
	r->sources[r->nsource++] = *s;
	return 0;
}

int
recipe_source_line(struct parser *p)
{
	struct recipe_source s = { .line = p->line };
	size_t i;

	if (recipe_want(p, 3, SIZE_MAX, usage) < 0 ||
	    recipe_new_name(p, &p->words[1], &s.name) < 0 ||
	    read_path(p, &p->words[2], &s) < 0)
		return p->e->code;
	for (i = 3; i < p->nword; i++)
		if (source_option(p, &p->words[i], &s) < 0)
			return p->e->code;
	return recipe_add_source(p, &s);
}

/* SPDX-License-Identifier: MIT */
/* The statements of a recipe, each from the words of its line. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/blend.h"
#include "mix/recipe_impl.h"

/* Room for one more of an array that lives in the arena and doubles. */
void *
recipe_grow(struct recipe *r, void *v, uint32_t n, size_t size)
{
	void *more;

	if (n & (n - 1) || (n && n < 4))
		return v;
	if (n == 0)
		return arena_alloc(&r->arena, 4 * size);
	more = arena_alloc(&r->arena, 2 * (size_t)n * size);
	if (more)
		memcpy(more, v, n * size);
	return more;
}

bool
recipe_is_name(struct str s)
{
	size_t i;
	char c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c == '_' ||
			(i &&
			    ((c >= '0' && c <= '9') || c == '-' || c == '.'))))
			return false;
	}
	return s.n > 0;
}

int
recipe_new_name(struct parser *p, const struct word *w, struct str *name)
{
	uint32_t i;

	if (!recipe_is_name(w->s))
		return recipe_fail(p, w,
		    "'%.*s' is no name: letters, digits, '_', '-' and '.', a "
		    "letter first",
		    SHOW(w->s));
	if (str_eq(w->s, STR("rest")))
		return recipe_fail(p, w,
		    "'rest' means what the others leave; choose "
		    "another name");
	for (i = 0; i < p->r->nsource; i++)
		if (str_eq(p->r->sources[i].name, w->s))
			return recipe_fail(p, w,
			    "'%.*s' is already a source, in line %u; choose "
			    "another name",
			    SHOW(w->s), p->r->sources[i].line);
	if (recipe_group(p->r, w->s))
		return recipe_fail(p, w,
		    "'%.*s' is already a group, in line %u; choose another "
		    "name",
		    SHOW(w->s), recipe_group(p->r, w->s)->line);
	*name = arena_dup(&p->r->arena, w->s);
	return name->p ? 0 : recipe_nomem(p);
}

/* A number for num_count() and its like, which want a C string. */
int
recipe_number(struct parser *p, const struct word *w, struct str s,
    const char *what, int (*parse)(const char *, uint64_t *, struct err *),
    uint64_t *v)
{
	struct err bad;
	char text[64];

	if (s.n < sizeof(text)) {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		if (parse(text, v, &bad) == 0)
			return 0;
	}
	return recipe_fail(p, w, "'%.*s' is not %s", SHOW(s), what);
}

int
recipe_want(struct parser *p, size_t least, size_t most, const char *usage)
{
	const struct word *at = &p->words[p->nword > most ? most : 0];

	if (p->nword >= least && p->nword <= most)
		return 0;
	return recipe_fail(p, at, "%s: write %s",
	    p->nword < least ? "something is missing" : "one word too many",
	    usage);
}

int
recipe_once(struct parser *p, const struct word *w)
{
	const char *equals = memchr(w->s.p, '=', w->s.n);
	struct str name = { w->s.p, 0 };
	const struct word *x;

	if (!equals)
		return 0;
	name.n = (size_t)(equals + 1 - w->s.p);
	for (x = p->words; x < w; x++)
		if (str_starts(x->s, name))
			return recipe_fail(
			    p, w, "a second '%.*s'; write one", SHOW(name));
	return 0;
}

static int
once(struct parser *p, bool *seen)
{
	if (*seen)
		return recipe_fail(p, &p->words[0],
		    "a second '%.*s' line; a recipe has one",
		    SHOW(p->words[0].s));
	*seen = true;
	return 0;
}

static int
do_seed(struct parser *p)
{
	if (once(p, &p->seen_seed) < 0 ||
	    recipe_want(p, 2, 2, "seed NUMBER") < 0)
		return p->e->code;
	return recipe_number(p, &p->words[1], p->words[1].s, "a whole number",
	    num_u64, &p->r->seed);
}

static int
do_tokenizer(struct parser *p)
{
	struct str s;
	size_t i;

	if (once(p, &p->seen_tokenizer) < 0 ||
	    recipe_want(p, 2, 2, "tokenizer sha256:DIGEST or its FILE") < 0)
		return p->e->code;
	s = p->words[1].s;
	if (str_ends(s, STR(".json")))
		return recipe_tokenizer_file(p, &p->words[1]);
	if (s.n != 71 || !str_starts(s, STR("sha256:")))
		return recipe_fail(p, &p->words[1],
		    "write sha256: and the 64 digits that quern shard info "
		    "shows, or the name of a tokenizer.json");
	for (i = 7; i < 71; i++)
		if (!strchr("0123456789abcdef", s.p[i]))
			return recipe_fail(p, &p->words[1],
			    "'%c' is no hexadecimal digit in lower case",
			    s.p[i]);
	memcpy(p->r->tokenizer, s.p + 7, 64);
	return 0;
}

static int
do_unit(struct parser *p)
{
	if (once(p, &p->seen_unit) < 0 ||
	    recipe_want(p, 2, 2, "unit token") < 0)
		return p->e->code;
	if (str_eq(p->words[1].s, STR("token")))
		return 0;
	return recipe_fail(p, &p->words[1],
	    "shares are of tokens, never of '%.*s': write unit token",
	    SHOW(p->words[1].s));
}

/* Tokens as a scale makes them, at least one where there were any. */
uint64_t
recipe_scaled(const struct recipe *r, uint64_t tokens)
{
	const struct ratio f = r->scale;
	unsigned __int128 v = (unsigned __int128)tokens * f.num / f.den;

	return v || !tokens ? v >> 63 ? INT64_MAX : (uint64_t)v : 1;
}

static int
do_scale(struct parser *p)
{
	struct recipe *r = p->r;

	if (once(p, &p->seen_scale) < 0 ||
	    recipe_want(p, 2, 2, "scale FACTOR") < 0)
		return p->e->code;
	if (p->seen_batch || r->nphase || r->nassert)
		return recipe_fail(p, &p->words[0],
		    "scale stands before batch, phase and assert");
	if (ratio_parse(p->words[1].s, &r->scale) && r->scale.num &&
	    r->scale.num <= 1000000 * r->scale.den)
		return 0;
	return recipe_fail(p, &p->words[1],
	    "'%.*s' is not a factor above 0 such as 1e-3 or 1/500",
	    SHOW(p->words[1].s));
}

int
recipe_add_batch(struct parser *p, struct recipe_batch b)
{
	struct recipe *r = p->r;
	void *more = recipe_grow(r, r->batches, r->nbatch, sizeof(*r->batches));

	if (!more)
		return recipe_nomem(p);
	r->batches = more;
	r->batches[r->nbatch++] = b;
	return 0;
}

/* SIZE, or [~]TOKENS:SIZE */
static int
read_batch(struct parser *p, const struct word *w, bool alone)
{
	static const char what[] = "a number of tokens such as 32768 or 0.5M";
	struct recipe_batch b = { .ramp = w->s.n && *w->s.p == '~' };
	struct str at = { w->s.p + b.ramp, w->s.n - b.ramp }, size = at;
	const char *colon = at.n ? memchr(at.p, ':', at.n) : NULL;

	if (!colon && !alone)
		return recipe_fail(p, w,
		    "write TOKENS:SIZE, the number of tokens from which on a "
		    "step has SIZE, or ~TOKENS:SIZE for a ramp up to there");
	if (colon) {
		at.n = (size_t)(colon - at.p);
		size = (struct str){ colon + 1, size.n - at.n - 1 };
		if (recipe_number(p, w, at, what, num_count, &b.tokens) < 0)
			return p->e->code;
	}
	if (recipe_number(p, w, size, what, num_count, &b.size) < 0)
		return p->e->code;
	b.tokens = recipe_scaled(p->r, b.tokens);
	b.size = recipe_scaled(p->r, b.size);
	if (b.size == 0 || b.size > UINT32_MAX)
		return recipe_fail(p, w, "a batch has 1 to 4294967295 tokens");
	if (p->r->nbatch == 0 && (b.tokens || b.ramp))
		return recipe_fail(
		    p, w, "the first batch size is from 0 on: write 0:SIZE");
	if (p->r->nbatch &&
	    (b.tokens >= 1ull << 60 ||
		b.tokens <= p->r->batches[p->r->nbatch - 1].tokens))
		return recipe_fail(p, w,
		    "batch sizes are in order of their tokens, each later "
		    "than the one before");
	return recipe_add_batch(p, b);
}

static int
do_batch(struct parser *p)
{
	size_t i;

	if (once(p, &p->seen_batch) < 0 ||
	    recipe_want(p, 2, SIZE_MAX, "batch TOKENS") < 0)
		return p->e->code;
	for (i = 1; i < p->nword; i++)
		if (read_batch(p, &p->words[i], p->nword == 2) < 0)
			return p->e->code;
	return 0;
}

static int
do_group(struct parser *p)
{
	struct recipe *r = p->r;
	struct recipe_blend g = { .line = p->line };
	void *more;

	if (recipe_want(p, 3, SIZE_MAX, "group NAME SOURCE:PERCENT ...") < 0 ||
	    recipe_new_name(p, &p->words[1], &g.name) < 0 ||
	    recipe_shares(p, p->words + 2, p->nword - 2, &g) < 0)
		return p->e->code;
	more = recipe_grow(r, r->groups, r->ngroup, sizeof(*r->groups));
	if (!more)
		return recipe_nomem(p);
	r->groups = more;
	r->groups[r->ngroup++] = g;
	return 0;
}

static const struct {
	const char *name;
	enum recipe_claim claim;
	bool least, most; /* >= and <= make sense */
} claims[] = {
	{ "repeats(", CLAIM_REPEATS, false, true },
	{ "share(", CLAIM_SHARE, true, true },
	{ "tokens(", CLAIM_TOKENS, true, true },
	{ "replay(", CLAIM_REPLAY, true, false },
};

static int
read_limit(struct parser *p, const struct word *w, struct str s,
    struct recipe_assert *a)
{
	uint64_t n;

	if (a->claim == CLAIM_TOKENS) {
		if (recipe_number(p, w, s, "a number of tokens such as 1.5B",
			num_count, &n) < 0)
			return p->e->code;
		a->limit = (struct ratio){ recipe_scaled(p->r, n), 1 };
		return 0;
	}
	if (!ratio_parse(s, &a->limit))
		return recipe_fail(p, w, "'%.*s' is not a number", SHOW(s));
	if (a->claim == CLAIM_REPLAY && a->limit.num > a->limit.den)
		return recipe_fail(
		    p, w, "replay() is a part of 1: write 0.05 for 5 %%");
	return 0;
}

/* CLAIM(NAME)<=LIMIT */
static int
read_claim(struct parser *p, const struct word *w, struct recipe_assert *a)
{
	static const char usage[] =
	    "repeats(NAME)<=N, share(NAME)>=PERCENT, share(NAME)<=PERCENT, "
	    "tokens(NAME)>=N, tokens(NAME)<=N or replay(NAME)>=PART";
	const size_t n = sizeof(claims) / sizeof(*claims);
	struct str s = w->s;
	const char *open = memchr(s.p, '(', s.n), *shut;
	struct word name = *w;
	size_t i;

	if (!open || !(shut = memchr(open, ')', (size_t)(s.p + s.n - open))) ||
	    s.p + s.n - shut < 4 || shut[2] != '=' ||
	    (shut[1] != '<' && shut[1] != '>'))
		return recipe_fail(p, w, "write %s", usage);
	a->sign = shut[1] == '<' ? -1 : 1;
	for (i = 0; i < n; i++)
		if (str_starts(s, str_c(claims[i].name)) &&
		    (a->sign < 0 ? claims[i].most : claims[i].least))
			break;
	if (i == n)
		return recipe_fail(
		    p, w, "'%.*s' is no claim: write %s", SHOW(s), usage);
	a->claim = claims[i].claim;
	if (read_limit(p, w,
		(struct str){ shut + 3, (size_t)(s.p + s.n - shut - 3) },
		a) < 0)
		return p->e->code;
	name.s = (struct str){ open + 1, (size_t)(shut - open - 1) };
	a->text = arena_dup(&p->r->arena, s);
	if (!a->text.p)
		return recipe_nomem(p);
	return recipe_shares(p, &name, 1, &a->of);
}

static int
do_assert(struct parser *p)
{
	struct recipe *r = p->r;
	struct recipe_assert a;
	size_t i;
	void *more;

	if (recipe_want(p, 2, SIZE_MAX, "assert repeats(NAME)<=N ...") < 0)
		return p->e->code;
	for (i = 1; i < p->nword; i++) {
		a = (struct recipe_assert){ .line = p->line };
		if (read_claim(p, &p->words[i], &a) < 0)
			return p->e->code;
		more =
		    recipe_grow(r, r->asserts, r->nassert, sizeof(*r->asserts));
		if (!more)
			return recipe_nomem(p);
		r->asserts = more;
		r->asserts[r->nassert++] = a;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct parser *p);
} statements[] = {
	{ "seed", do_seed },
	{ "tokenizer", do_tokenizer },
	{ "unit", do_unit },
	{ "scale", do_scale },
	{ "special", recipe_special },
	{ "source", recipe_source_line },
	{ "group", do_group },
	{ "batch", do_batch },
	{ "phase", recipe_phase },
	{ "assert", do_assert },
	{ "adapt", recipe_adapt_line },
};

int
recipe_line(struct parser *p)
{
	size_t i;

	for (i = 0; i < sizeof(statements) / sizeof(*statements); i++)
		if (str_eq(p->words[0].s, str_c(statements[i].name)))
			return statements[i].read(p);
	return recipe_fail(p, &p->words[0],
	    "'%.*s' is no statement: a line begins with seed, tokenizer, "
	    "unit, scale, special, source, group, batch, phase, assert or "
	    "adapt",
	    SHOW(p->words[0].s));
}

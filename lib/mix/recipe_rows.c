/* SPDX-License-Identifier: MIT */
/* What a recipe says of how rows are made: packing, objectives, special tokens,
 * the tokenizer that names these. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/path.h"
#include "io/json.h"
#include "io/stream.h"
#include "mix/pack.h"
#include "mix/recipe_impl.h"

int
recipe_tokenizer_file(struct parser *p, const struct word *w)
{
	int dir =
	    *w->s.p == '/' ? 0 : (int)(path_base(p->r->file) - p->r->file);
	struct str path = arena_printf(
	    &p->r->arena, "%.*s%.*s", dir, p->r->file, (int)w->s.n, w->s.p);
	struct sha256 *h = sha256_new();
	struct err bad;
	char *text;
	size_t n;
	int rc;

	if (!path.p || !h) {
		sha256_free(h);
		return recipe_nomem(p);
	}
	rc = in_slurp(path.p, &text, &n, &bad);
	if (rc == 0) {
		sha256_add(h, text, n);
		sha256_hex(h, p->r->tokenizer);
		rc = json_parse(&p->r->tokens, text, n, &bad);
		free(text);
	}
	sha256_free(h);
	return rc < 0 ? recipe_fail(p, w, "%s", bad.msg) : 0;
}

/* The id that the tokenizer gives to a text as a whole token. */
static bool
named_token(const struct recipe *r, struct str name, uint32_t *id)
{
	struct json_val root = json_root(r->tokens), v;
	struct json_iter it;
	uint64_t found = UINT64_MAX;
	char key[256];

	it = json_each(json_get(root, "added_tokens"));
	while (json_next(&it, NULL, &v))
		if (str_eq(json_str(json_get(v, "content")), name))
			found = json_u64(json_get(v, "id"), UINT64_MAX);
	if (found == UINT64_MAX && name.n < sizeof(key)) {
		snprintf(key, sizeof(key), "%.*s", (int)name.n, name.p);
		found = json_u64(
		    json_get(json_get(json_get(root, "model"), "vocab"), key),
		    UINT64_MAX);
	}
	*id = (uint32_t)found;
	return found < INT32_MAX;
}

/* A token by its id or its name. */
static int
read_token(
    struct parser *p, const struct word *w, struct str s, uint32_t *token)
{
	struct err bad;
	char text[32];
	uint64_t id;

	if (s.n > 0 && s.n < sizeof(text)) {
		snprintf(text, sizeof(text), "%.*s", (int)s.n, s.p);
		if (num_u64(text, &id, &bad) == 0 && id < INT32_MAX) {
			*token = (uint32_t)id;
			return 0;
		}
	}
	if (!p->r->tokens)
		return recipe_fail(p, w,
		    "'%.*s' is no token's number; for its name write the line "
		    "tokenizer FILE.json before this one",
		    SHOW(s));
	if (named_token(p->r, s, token))
		return 0;
	return recipe_fail(p, w,
	    "the tokenizer has no token '%.*s': train it with --special, or "
	    "choose another",
	    SHOW(s));
}

static int
read_range(struct parser *p, const struct word *w, uint32_t *v)
{
	struct str from = w->s, to;
	const char *dots = memmem(w->s.p, w->s.n, "..", 2);

	if (!dots)
		return recipe_fail(p, w,
		    "write the first and the last token of the spans: "
		    "FIRST..LAST");
	from.n = (size_t)(dots - w->s.p);
	to = (struct str){ dots + 2, w->s.n - from.n - 2 };
	if (read_token(p, w, from, &v[0]) < 0 ||
	    read_token(p, w, to, &v[1]) < 0)
		return p->e->code;
	return 0;
}

static int
first_special(struct parser *p, uint32_t line)
{
	if (line == UINT32_MAX) /* as recipe_parse() sets it */
		return 0;
	return recipe_fail(p, &p->words[0],
	    "a second 'special %.*s' line, the first is line %u",
	    SHOW(p->words[1].s), line);
}

int
recipe_special(struct parser *p)
{
	struct recipe_specials *s = &p->r->specials;
	static const char usage[] =
	    "special fim PREFIX SUFFIX MIDDLE, special spans FIRST..LAST, or "
	    "special modes R S X";
	uint32_t *v;
	size_t i;

	if (recipe_want(p, 3, 5, usage) < 0)
		return p->e->code;
	if (str_eq(p->words[1].s, STR("spans")) && p->nword == 3) {
		if (first_special(p, s->line[1]) < 0)
			return p->e->code;
		s->line[1] = p->line;
		return read_range(p, &p->words[2], s->spans);
	}
	v = str_eq(p->words[1].s, STR("fim"))     ? s->fim
	    : str_eq(p->words[1].s, STR("modes")) ? s->modes
						  : NULL;
	if (!v || p->nword != 5)
		return recipe_fail(p, &p->words[1], "write %s", usage);
	if (first_special(p, s->line[v == s->fim ? 0 : 2]) < 0)
		return p->e->code;
	s->line[v == s->fim ? 0 : 2] = p->line;
	for (i = 0; i < 3; i++)
		if (read_token(p, &p->words[2 + i], p->words[2 + i].s, &v[i]) <
		    0)
			return p->e->code;
	if (v[0] != v[1] && v[0] != v[2] && v[1] != v[2])
		return 0;
	return recipe_fail(p, &p->words[2],
	    "a model could not tell these three apart: name three tokens");
}

int
recipe_packing(struct parser *p, const struct word *w, struct recipe_source *s)
{
	static const struct {
		const char *name;
		enum recipe_packing kind;
	} kinds[] = { { "cut", PACK_CUT }, { "fit", PACK_FIT },
		{ "document", PACK_DOCUMENT } };
	struct str v = { w->s.p + 5, w->s.n - 5 }, n = { NULL, 0 };
	const char *colon = v.n ? memchr(v.p, ':', v.n) : NULL;
	size_t i;

	s->window = PACK_WINDOW;
	if (colon) {
		n = (struct str){ colon + 1, v.n - (size_t)(colon + 1 - v.p) };
		v.n = (size_t)(colon - v.p);
	}
	for (i = 0; i < 3 && !str_eq(v, str_c(kinds[i].name)); i++)
		;
	if (i == 3 || (colon && kinds[i].kind == PACK_CUT))
		return recipe_fail(p, w,
		    "write pack=cut, pack=fit or pack=document, and "
		    "pack=fit:WINDOW for how many documents are packed "
		    "together");
	s->packing = kinds[i].kind;
	if (!colon)
		return 0;
	if (recipe_number(
		p, w, n, "a number of documents", num_u64, &s->window) < 0)
		return p->e->code;
	if (s->window == 0 || s->window > 1 << 20)
		return recipe_fail(p, w, "a window has 1 to 2^20 documents");
	return 0;
}

/* A number from 0 to 1. */
static int
read_part(struct parser *p, const struct word *w, struct str s, struct ratio *v)
{
	if (ratio_parse(s, v) && v->num && v->num <= v->den)
		return 0;
	return recipe_fail(p, w, "'%.*s' is not above 0 and up to 1", SHOW(s));
}

static struct str
next_part(struct str *s)
{
	const char *colon = s->n ? memchr(s->p, ':', s->n) : NULL;
	struct str part = *s;

	if (!colon) {
		*s = (struct str){ NULL, 0 };
		return part;
	}
	part.n = (size_t)(colon - s->p);
	*s = (struct str){ colon + 1, s->n - part.n - 1 };
	return part;
}

/* fim:RATE[:SPM] */
static int
read_fim(struct parser *p, const struct word *w, struct str args,
    struct recipe_objective *o)
{
	struct str rate = next_part(&args);

	if (p->r->specials.fim[0] == UINT32_MAX)
		return recipe_fail(p, w,
		    "fill-in-the-middle needs three tokens of the tokenizer: "
		    "write the line special fim PREFIX SUFFIX MIDDLE before "
		    "this one");
	o->spm = (struct ratio){ 1, 2 };
	if (read_part(p, w, rate, &o->rate) < 0)
		return p->e->code;
	if (args.p && (!ratio_parse(args, &o->spm) || o->spm.num > o->spm.den))
		return recipe_fail(p, w,
		    "'%.*s' is not from 0 to 1: the part that has the suffix "
		    "first",
		    SHOW(args));
	return 0;
}

/* spans:NOISE:MEAN */
static int
read_spans(struct parser *p, const struct word *w, struct str args,
    struct recipe_objective *o)
{
	struct str noise = next_part(&args);

	if (read_part(p, w, noise, &o->noise) < 0)
		return p->e->code;
	if (o->noise.num == o->noise.den || !ratio_parse(args, &o->mean) ||
	    o->mean.num < o->mean.den || ratio_double(o->mean) > 1e6)
		return recipe_fail(p, w,
		    "write spans:NOISE:MEAN, the part of the tokens that is "
		    "taken out, below 1, and the mean length of a span, at "
		    "least 1, such as spans:0.15:3");
	return 0;
}

static int
need_spans(struct parser *p, const struct word *w)
{
	if (p->r->specials.spans[0] != UINT32_MAX)
		return 0;
	return recipe_fail(p, w,
	    "span corruption needs tokens that stand for the spans: write the "
	    "line special spans FIRST..LAST before this one");
}

int
recipe_objective(
    struct parser *p, const struct word *w, struct recipe_objective *o)
{
	struct str args = { w->s.p + 10, w->s.n - 10 };
	struct str task = next_part(&args);

	*o = (struct recipe_objective){ .rate = { 1, 1 } };
	if (str_eq(task, STR("fim"))) {
		o->task = TASK_FIM;
		return read_fim(p, w, args, o);
	}
	if (str_eq(task, STR("spans"))) {
		o->task = TASK_SPANS;
		return need_spans(p, w) < 0 ? p->e->code
					    : read_spans(p, w, args, o);
	}
	o->task = str_eq(task, STR("causal"))   ? TASK_CAUSAL
		  : str_eq(task, STR("prefix")) ? TASK_PREFIX
		  : str_eq(task, STR("ul2"))    ? TASK_UL2
						: TASK_NONE;
	if (o->task == TASK_NONE || args.p)
		return recipe_fail(p, w,
		    "write objective=causal, fim:RATE, prefix, "
		    "spans:NOISE:MEAN or ul2");
	return o->task == TASK_UL2 ? need_spans(p, w) : 0;
}

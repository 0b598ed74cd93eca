/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "io/json.h"
#include "mix/blend.h"
#include "mix/recipe_impl.h"

int
recipe_fail(struct parser *p, const struct word *at, const char *fmt, ...)
{
	char msg[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return err_set(p->e, ERR_FORMAT, "%s:%u:%u: %s", p->r->file, p->line,
	    at ? at->column : 1, msg);
}

int
recipe_nomem(struct parser *p)
{
	return err_nomem(p->e, "a recipe");
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int
add_word(struct parser *p, struct str s, size_t column)
{
	struct word *more;
	size_t cap;

	if (p->nword == p->cap) {
		cap = p->cap ? 2 * p->cap : 64;
		more = realloc(p->words, cap * sizeof(*more));
		if (!more)
			return recipe_nomem(p);
		p->words = more;
		p->cap = cap;
	}
	p->words[p->nword++] = (struct word){ s, (uint32_t)column };
	return 0;
}

/* Words are parted by blanks; "a b" is one; '#' at a word's start ends all. */
static int
split(struct parser *p, struct str line)
{
	size_t i = 0, from;
	bool quoted;

	p->nword = 0;
	for (;;) {
		while (i < line.n && is_blank(line.p[i]))
			i++;
		if (i == line.n || line.p[i] == '#')
			return 0;
		quoted = line.p[i] == '"';
		from = i += quoted;
		while (i < line.n &&
		       (quoted ? line.p[i] != '"' : !is_blank(line.p[i])))
			i++;
		if (add_word(p, (struct str){ line.p + from, i - from },
			from + 1) < 0)
			return p->e->code;
		if (quoted && i == line.n)
			return recipe_fail(p, &p->words[p->nword - 1],
			    "the closing '\"' is missing");
		i += quoted;
	}
}

/* The first statement says what the file is. */
static int
do_magic(struct parser *p)
{
	if (p->nword != 2 || !str_eq(p->words[0].s, STR("%mix")))
		return recipe_fail(
		    p, NULL, "a recipe begins with the line '%%mix 1'");
	if (!str_eq(p->words[1].s, STR("1")))
		return recipe_fail(p, &p->words[1],
		    "recipes of version '%.*s' are not known, only of 1",
		    SHOW(p->words[1].s));
	return 0;
}

static int
read_lines(struct parser *p, struct str text)
{
	const char *at = text.p, *end = text.p + text.n, *eol;
	bool begun = false;

	for (; at < end; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(end - at));
		eol = eol ? eol : end;
		p->line++;
		if (split(p, (struct str){ at, (size_t)(eol - at) }) < 0)
			return p->e->code;
		if (p->nword == 0)
			continue;
		if ((begun ? recipe_line(p) : do_magic(p)) < 0)
			return p->e->code;
		begun = true;
	}
	p->line += p->line == 0; /* an empty file has a first line, too */
	if (!begun)
		return do_magic(p);
	if (!p->r->nbatch && recipe_add_batch(p, (struct recipe_batch){ 0,
						     RECIPE_BATCH, false }) < 0)
		return p->e->code;
	if (!p->r->nphase)
		return recipe_fail(p, NULL,
		    "a recipe has at least one phase: write phase NAME TOKENS "
		    "SOURCE");
	return 0;
}

int
recipe_parse(struct recipe *r, const char *file, const char *p, size_t n,
    const struct recipe_sizes *sizes, struct err *e)
{
	struct parser parser = { .r = r, .e = e, .sizes = sizes };
	int rc;

	*r = (struct recipe){ .file = file, .scale = { 1, 1 } };
	memset(&r->specials, 0xff, sizeof(r->specials));
	rc = read_lines(&parser, (struct str){ p, n });
	free(parser.words);
	return rc;
}

void
recipe_free(struct recipe *r)
{
	json_free(r->tokens);
	arena_free(&r->arena);
}

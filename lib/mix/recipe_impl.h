/* SPDX-License-Identifier: MIT */
#ifndef MIX_RECIPE_IMPL_H
#define MIX_RECIPE_IMPL_H

/* What recipe.c and recipe_shares.c share: a line taken apart. */
#include "mix/recipe.h"

struct word {
	struct str s;
	uint32_t column; /* from 1 */
};

struct parser {
	struct recipe *r;
	struct err *e;
	uint32_t line;
	struct word *words; /* of this line */
	size_t nword, cap;
	const struct recipe_sizes *sizes;
	bool seen_scale, seen_batch, seen_seed, seen_tokenizer, seen_unit;
};

/* A name in a message: not all of it if it is long. */
#define SHOW(s) (int)((s).n < 60 ? (s).n : 60), (s).p

/* ERR_FORMAT with file, line and the word's column. */
int recipe_fail(struct parser *p, const struct word *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int recipe_nomem(struct parser *p);
/* The group of that name, or NULL. */
const struct recipe_blend *
recipe_group(const struct recipe *r, struct str name);
/* The statement in p->words; a source; a phase. */
int recipe_line(struct parser *p);
int recipe_source_line(struct parser *p);
int recipe_adapt_line(struct parser *p);
int recipe_add_source(struct parser *p, const struct recipe_source *s);
int recipe_phase(struct parser *p);
bool recipe_is_name(struct str s);
/* A new name for a source or group, in the arena. */
int recipe_new_name(struct parser *p, const struct word *w, struct str *name);
/* ERR_FORMAT unless the line has so many words. */
int recipe_want(struct parser *p, size_t least, size_t most, const char *usage);
/* ERR_FORMAT if an option that begins so, up to '=', stands before w, too. */
int recipe_once(struct parser *p, const struct word *w);
/* s by num_count() and its like, which want a C string; what: "a number". */
int recipe_number(struct parser *p, const struct word *w, struct str s,
    const char *what, int (*parse)(const char *, uint64_t *, struct err *),
    uint64_t *v);
/* tokenizer FILE: its digest is the recipe's, and its tokens have names. */
int recipe_tokenizer_file(struct parser *p, const struct word *w);
/* special KIND TOKEN ... */
int recipe_special(struct parser *p);
/* pack=KIND[:WINDOW] */
int
recipe_packing(struct parser *p, const struct word *w, struct recipe_source *s);
/* objective=TASK; specials that it needs have to stand before. */
int recipe_objective(
    struct parser *p, const struct word *w, struct recipe_objective *o);
/* Room for one more of an array that lives in the arena and doubles. */
void *recipe_grow(struct recipe *r, void *v, uint32_t n, size_t size);
/* What the recipe's scale makes of tokens; 1 where it would be 0. */
uint64_t recipe_scaled(const struct recipe *r, uint64_t tokens);
/* The next size of a batch. */
int recipe_add_batch(struct parser *p, struct recipe_batch b);
/*
 * A list of n words NAME:SHARE,..., n >= 1, into b; or names behind a rule that
 * makes shares from the sizes of sources.
 */
int recipe_shares(
    struct parser *p, const struct word *w, size_t n, struct recipe_blend *b);

/* pace=: how a phase's ordered sources open up. */
struct recipe_pace {
	const struct word *at; /* NULL: they don't */
	bool square;
	double start;
	uint32_t parts;
};

int
recipe_read_pace(struct parser *p, const struct word *w, struct recipe_pace *o);
/* The phase in stages of growing competence. */
int recipe_add_paced(struct parser *p, const struct recipe_pace *o,
    const struct recipe_phase *ph);
/* ph->d and w from the shares of ph->blend, which don't change. */
int recipe_weigh(struct parser *p, struct recipe_phase *ph);
int recipe_add_phase(struct parser *p, const struct recipe_phase *ph);

/* Names and shares of a list, taken apart. */
struct item {
	const struct word *word;
	struct str name, share; /* share.p NULL: the name stands alone */
};

/* Is this a rule for shares from sizes, such as temperature=2? */
bool recipe_is_rule(struct str s);
/* What the rule makes of n items that are names: v is (n), adding up to 1. */
int recipe_rule(struct parser *p, const struct word *rule,
    const struct item *it, size_t n, struct ratio *v);
/* The source of that name. */
bool recipe_source(const struct recipe *r, struct str name, uint32_t *i);

#endif

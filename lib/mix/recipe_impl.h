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
	bool seen_batch, seen_seed, seen_tokenizer, seen_unit;
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
/* The statement in p->words. */
int recipe_line(struct parser *p);
/* The next size of a batch. */
int recipe_add_batch(struct parser *p, struct recipe_batch b);
/* A list of n words NAME:SHARE, n >= 1, into b. */
int recipe_shares(
    struct parser *p, const struct word *w, size_t n, struct recipe_blend *b);

#endif

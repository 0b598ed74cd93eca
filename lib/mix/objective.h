/* SPDX-License-Identifier: MIT */
#ifndef MIX_OBJECTIVE_H
#define MIX_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mix/recipe.h"

struct err;

/*
 * A row in the making: spans of tokens, one behind the other.  A span is n
 * tokens of the source from `at` on, or n times one token.
 */
enum {
	SPAN_BEGINS = 1,  /* a document, or what the row has of it, begins */
	SPAN_ENDS = 2,    /* its last token ends the document */
	SPAN_TOKEN = 4,   /* a token that is not the source's */
	SPAN_GIVEN = 8,   /* its tokens are no targets */
	SPAN_TWO_WAY = 16 /* its tokens see those of the same kind behind */
};

struct span {
	uint64_t at;
	uint32_t n, token;
	unsigned flags;
};

struct spans {
	struct span *v;
	size_t n, cap;
};

int spans_add(struct spans *s, struct span x, struct err *e);
void spans_free(struct spans *s);

/*
 * What an objective makes of each document of a row (its spans in `in`, all of
 * the source; padding is left as it is), appended to out, as a function of key.
 * out may be longer than the row: the caller cuts it off.  end: the token that
 * ends a document, or -1; it stays the last one.
 *
 *	fim     with probability rate, cut at two places: prefix, suffix and
 *	        middle in the order <P> p <S> s <M> m, or, of those with
 *	        probability spm, <P> <S> s <M> p m: three tokens more.
 *	prefix  the part before a random place is given and read both ways.
 *	spans   spans of random lengths, noise of the tokens, are taken out; a
 *	        token stands for each, 0, 1 and so on, in what is given and read
 *	        both ways; then come the same tokens, each with its span behind
 *	        it.  As many of the document's tokens as that fits in the room
 *	        that the document has.
 *	ul2     one of R (3 or 8 tokens a span, 15 %), X (3 or 8, 50 %; 64, 15 %
 *	        or 50 %), S (prefix; the target is 25 % in the mean), each
 *	        setting as often, begun with its mode's token if there are any.
 *
 * A document of less than OBJECTIVE_LEAST tokens in the row stays as it is.
 * Source: Bavarian et al., arXiv 2207.14255, sections 3 and 4.3 (SPM: its
 * variant 2); Raffel et al., "Exploring the limits of transfer learning with
 * T5", section 3.3.4; Tay et al., "UL2", arXiv 2205.05131, table 1.
 */
enum { OBJECTIVE_LEAST = 8 };

int objective_apply(const struct recipe_objective *o,
    const struct recipe_specials *sp, uint64_t key, int64_t end,
    const struct spans *in, struct spans *out, struct err *e);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_EXPR_H
#define FILTER_EXPR_H

#include <stdbool.h>

#include "base/str.h"
#include "filter/signals.h"

struct doc;
struct err;

/*
 * Conditions on a document:
 *
 *	language == "en" and language_score > 0.65 and not (words < 50)
 *
 *	or		a or b
 *	and		a and b
 *	not		not a
 *	comparison	a == b, != < <= > >=; one at a time
 *	value		12, -0.5, 1e6, "text", 'text', true, false, null,
 *			a name, (a)
 *
 * in order of binding, the loosest first.  A name is a signal
 * (filter/signals.def), `id`, one of the metadata keys that quern's commands
 * write (language, url, ...; expr_key()), or metadata.KEY[.KEY...] for any
 * other; a key that a document lacks is null.  In a string \n, \t, \\, \" and
 * \' stand for what they do in C.
 *
 * Numbers compare with numbers, strings with strings (by bytes); values of
 * different kinds are unequal, and neither less nor more than each other;
 * arrays and objects are unequal to everything.  By itself a value counts as
 * true unless it is false, null, 0 or "".
 */
struct expr;

/* Further names of numbers, which nothing else has. */
struct expr_names {
	const char *const *v;
	size_t n;
};
/* ERR_ARG says what is wrong at which byte of source.  more: or NULL. */
int expr_parse(struct expr **x, struct str source,
    const struct expr_names *more, struct err *e);
void expr_free(struct expr *x);
/* Does it name the signal?  expr_true() reads no others. */
bool expr_wants(const struct expr *x, enum signal s);
/* more: the numbers of those names.  Thread-safe. */
bool expr_true(const struct expr *x, const struct signals *s,
    const struct doc *d, const double *more);
/* The i-th metadata key that needs no "metadata.", NULL behind the last. */
const char *expr_key(size_t i);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LINEFIX_H
#define FILTER_LINEFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * RefinedWeb's corrections of a text, line by line (between LFs), each of all
 * lines before the next:
 *
 *	1. a line of which more than `upper` is upper case goes
 *	2. a line of which more than `digits` is digits goes
 *	3. a counter goes: 3 likes, 1.2k views
 *	4. a line that isn't empty, of fewer than `words` words, goes
 *	5. of a line of at most `edit` words, "items in cart" goes, wherever it
 *	   stands, "read more" and three characters at its end, "sign-in" at its
 *	   start; the line too if nothing is left
 *
 * and the text is rejected if more than `removed` of its words went.  White
 * space around the text goes with 1, 2, 3 and 5.  Case doesn't matter in 3 and
 * 5.  Words are what white space parts; for `removed` those count that begin
 * with a letter or a number.
 *
 * Source: Penedo et al., "The RefinedWeb Dataset for Falcon LLM" (2023),
 * appendix G.2; the numbers and the reading of it are DCLM's
 * (dclm_baseline_refinedweb.yaml, mappers/modifiers.py).
 */
struct linefix {
	double upper, digits, removed;
	uint32_t words, edit;
};

/* What became of a text; scratch of one thread, all zeros at first. */
struct linefix_result {
	const char *reason;      /* NULL: kept; or "empty", "corrected" */
	double value, threshold; /* of the reason */
	struct str left;         /* the lines left, joined by LF; kept here */
	bool changed;            /* do they differ from the text? */
	/* Private. */
	struct str *lines;
	size_t n, cap;
	struct buf text, edits;
};

/* text is valid UTF-8.  ERR_NOMEM.  Thread-safe with a result a thread. */
int linefix_clean(const struct linefix *f, struct str text,
    struct linefix_result *r, struct err *e);
void linefix_free(struct linefix_result *r);

#endif

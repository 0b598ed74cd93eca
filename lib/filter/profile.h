/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PROFILE_H
#define FILTER_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "filter/signals.h"

struct buf;
struct c4;
struct err;
struct linefix;

/*
 * A profile is data: steps in order, each of which cleans the text
 * (filter/c4.h, filter/linefix.h) or is a list of rules, each a signal, a
 * comparison and a threshold, of the text as the steps before left it.  A
 * document that a rule holds for is rejected; the first such rule is the
 * reason.
 */
enum compare { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, UNEQUAL };

struct rule {
	const char *reason;
	enum signal signal;
	enum compare compare;
	double threshold;
	/* Or instead of the signal a value in the metadata, and instead of the
	 * threshold a text; a value of another kind, or none, makes the rule
	 * not hold. */
	const char *meta, *text;
};

/* One of the first two, or rules. */
struct step {
	const struct c4 *clean;
	const struct linefix *fix;
	const struct rule *rules;
	size_t n;
	enum words words;
};

struct profile {
	const char *name, *about;
	const struct step *steps;
	size_t n;
};

/* "<", "<=", ... */
const char *compare_name(enum compare c);
/* False if s is none of them. */
bool compare_find(struct str s, enum compare *c);
bool compare_holds(double a, enum compare c, double b);

/* The i-th profile, NULL behind the last. */
const struct profile *profile_at(size_t i);
/* ERR_ARG names those there are. */
int profile_find(struct str name, const struct profile **p, struct err *e);
/* The profile as profile_parse() takes it. */
void profile_print(const struct profile *p, struct buf *out);

/*
 * A profile written by its user.  A line each; blank ones and those that begin
 * with # don't count:
 *
 *	profile NAME: what it is for
 *	REASON SIGNAL COMPARISON NUMBER
 *	REASON metadata.KEY COMPARISON NUMBER or "TEXT"
 *	words treebank
 *	clean c4 word_max=1000 line_words=3 end_marks=1 sentences=5
 *	clean refinedweb upper=0.5 digits=0.999999 words=2 edit=10 removed=0.05
 *
 * The first line names it; words says what tokens and sentences are from there
 * on (filter/signals.h; at first english); the other kinds may follow in any
 * order and number.  What is said behind clean may be left out, then it is that
 * above.
 */
struct profile_file;
/* file is for messages.  ERR_FORMAT names the line. */
int profile_parse(struct profile_file **f, struct str source, const char *file,
    struct err *e);
const struct profile *profile_of(const struct profile_file *f);
void profile_file_free(struct profile_file *f);

#endif

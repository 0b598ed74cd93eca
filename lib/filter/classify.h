/* SPDX-License-Identifier: MIT */
#ifndef FILTER_CLASSIFY_H
#define FILTER_CLASSIFY_H

#include "base/buf.h"
#include "base/text/punkt.h"
#include "filter/fasttext.h"
#include "filter/strs.h"

/*
 * What a classifier says of a text or of its parts, and which of them are not
 * wanted.  Shared by threads, but for the structs that are said to be one a
 * thread's.
 */

/* What is wanted of a label. */
struct classify_rules {
	const struct fasttext *model;
	struct strs keep, drop; /* labels; n = 0: all, none */
	double min_score;       /* of the likeliest label */
	double drop_above;      /* of each of the labels to drop */
};
/* ERR_ARG: a label that the model lacks. */
int classify_rules_check(const struct classify_rules *r, struct err *e);
/* Can anything be unwanted? */
bool classify_rules_any(const struct classify_rules *r);

/* One a thread; all zeros at first. */
struct classify_scratch {
	struct fasttext_scratch fasttext;
	struct fasttext_guess *guesses; /* the best first... */
	size_t n, cap;                  /* ...how many, and room */
};
void classify_scratch_free(struct classify_scratch *s);

/*
 * What is said of a text.  The first rule that applies is named:
 *
 *	label		the likeliest label is not among those to keep
 *	label_score	the likeliest label scores less than min_score
 *	label_above	a label to drop scores more than drop_above
 */
struct classify_verdict {
	struct str label;        /* the likeliest; p NULL: none */
	double score;            /* its probability, or 0 */
	const char *rule;        /* why it isn't wanted; NULL: it is */
	struct str why;          /* the label that the rule is about */
	double value, threshold; /* of the rule; value < 0: it has none */
};
/* The n best labels, at least, stay in s->guesses.  ERR_NOMEM. */
int classify_judge(const struct classify_rules *r, struct classify_scratch *s,
    struct str text, size_t n, struct classify_verdict *v, struct err *e);

/* Parts of a text. */
enum classify_unit {
	CLASSIFY_DOCUMENT,
	CLASSIFY_PARAGRAPH, /* a line that is not blank */
	CLASSIFY_SENTENCE   /* of a paragraph (base/text/punkt.h) */
};

/* One a thread; all zeros at first. */
struct classify_units {
	struct str *v; /* in the text, without white space around them */
	bool *gone;
	size_t n, ngone, cap;
	struct buf told, left; /* by classify_units_judge() */
	struct punkt punkt;
};
/* Part valid UTF-8; none is gone.  ERR_NOMEM. */
int classify_units_split(struct classify_units *u, struct str text,
    enum classify_unit unit, struct err *e);
/*
 * Append the text without the units that are gone.  Of the white space around
 * them that with the most line ends stays, the first of equals; none stays
 * before the first unit or behind the last if what stood there is gone.
 */
void classify_units_join(
    const struct classify_units *u, struct str text, struct buf *out);
/*
 * Part a text and judge each part: those not wanted are gone, u->left is the
 * text without them if there are any.  u->told is JSON: of each part that is
 * gone, or of each one if there are no rules,
 *
 *	{"start":0,"end":9,"label":"a","score":0.9}
 *
 * with rule, value and threshold of a part that is gone, and about, the label
 * of the value, if that is not the likeliest.  start and end are bytes of the
 * text.  Behind CLASSIFY_TOLD parts {"more":n} stands for the rest.
 */
enum { CLASSIFY_TOLD = 10000 };
int classify_units_judge(const struct classify_rules *r,
    struct classify_scratch *s, struct classify_units *u, struct str text,
    enum classify_unit unit, struct err *e);
void classify_units_free(struct classify_units *u);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LEXICON_JUDGE_H
#define FILTER_LEXICON_JUDGE_H

#include "base/buf.h"
#include "filter/classify.h"
#include "filter/lexicon.h"

/*
 * What lists of words say of a text or of its parts.  A part is flagged if of
 * one list more than `above` entries stand in it, and more than `ratio` a word.
 */
struct lexicon_rules {
	struct lexicons *lists;
	enum classify_unit unit;
	uint64_t above;
	double ratio;
	bool drop; /* flagged parts; a document, if that is what is looked at */
	bool spans; /* say where the entries stand */
};

/* Scratch memory of one thread; all zeros at first. */
struct lexicon_scratch {
	struct lexicon_found found;
	struct classify_units units;
	struct buf json, parts, text;
	/* Of the whole text: entries of each list, and words. */
	uint64_t counts[LEXICONS_MAX], words;
};
void lexicon_scratch_free(struct lexicon_scratch *s);

struct lexicon_verdict {
	/* NULL: kept; or "lexicon", or "lexicon_all": no part is left. */
	const char *rule;
	double value, threshold; /* entries; parts and 0 */
	struct str text; /* what is left, the text itself or kept here */
	/*
	 * n 0: nothing was found; or
	 *	{"spans":[{"start":0,"end":4,"list":"NAME"}],"words":90,
	 *	 "lists":{"NAME":{"count":3,"ratio":0.03}},
	 *	 "units":[{"start":0,"end":60,"list":"NAME","count":2,
	 *		"ratio":0.1,"removed":true}]}
	 * in bytes of the text; units are those that are flagged.
	 */
	struct str json;
};
/* language: of the text, or empty.  ERR_NOMEM. */
int lexicon_judge(const struct lexicon_rules *r, struct lexicon_scratch *s,
    struct str text, struct str language, struct lexicon_verdict *v,
    struct err *e);

#endif

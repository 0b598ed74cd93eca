/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SEAM_RULE_H
#define TOKENIZER_SEAM_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * What a regex can do around a pair of neighbours a, b, told from the regex
 * alone.  Its places that take a character are numbered, and for each the
 * places that may come next are known (Glushkov's automaton).  Where no place
 * that takes a is followed by one that takes b, nor by an assertion, no match
 * holds both, and none can tell b from the end of the text: the pair is apart.
 *
 * Known are classes, literals, groups, alternatives, any quantifier, and
 * assertions of one character's width (\b and $ among them).  A lookbehind may
 * not stand where a match begins.  Of anything else there is no rule.
 *
 * Source: Glushkov, "The abstract theory of automata" (1961).
 */
struct seam_rule;

/* *rule is NULL, and 0 returned, where nothing can be proven. */
int seam_rule_open(struct seam_rule **rule, const char *regex, struct err *e);
void seam_rule_free(struct seam_rule *r);

/* A character in the eyes of a rule. */
struct seam_facts {
	uint64_t places; /* that take it; 0: it's in no match */
	bool whole;      /* alone it is a match */
};

/*
 * Of a code point below SEAM_CODE_POINTS; remembered, so one thread at a time.
 */
enum { SEAM_CODE_POINTS = 0x10000 };
struct seam_facts seam_rule_facts(struct seam_rule *r, uint32_t cp);
/*
 * Is a pair apart?  Then the matches of the two parts of a text that is cut
 * between them are the whole's.  If a.whole, a match ends there.
 */
bool seam_rule_apart(
    const struct seam_rule *r, struct seam_facts a, struct seam_facts b);
/* Given a in no match and apart from b: does a match begin at b for sure? */
bool seam_rule_begins(const struct seam_rule *r, struct seam_facts b);

#endif

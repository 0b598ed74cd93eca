/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "filter/c4.h"
#include "filter/judge.h"
#include "../tap.h"

static const struct c4 loose = {
	.word_max = 20, .line_words = 2, .end_marks = true
};

static void
cleans(const struct c4 *c, const char *text, const char *want)
{
	struct c4_result r = { 0 };
	struct err e;

	OK(c4_begin(&r, str_c(text), &e) == 0 &&
		c4_clean(c, WORDS_ENGLISH, NULL, &r, &e) == 0,
	    "cleaned");
	if (!OK(!r.reason && str_eq(r.left, str_c(want)), "left: %s", want))
		printf("# got %s %.*s\n", r.reason ? r.reason : "",
		    (int)r.left.n, r.left.p);
	OK(r.changed == (strcmp(text, want) != 0), "said whether it changed");
	c4_result_free(&r);
}

static void
rejects(const struct c4 *c, const char *text, const char *why, double value)
{
	struct c4_result r = { 0 };
	struct err e;

	OK(c4_begin(&r, str_c(text), &e) == 0 &&
		c4_clean(c, WORDS_ENGLISH, NULL, &r, &e) == 0,
	    "cleaned");
	OK(r.reason && strcmp(r.reason, why) == 0 && r.value == value,
	    "rejected for %s: %s", why, text);
	c4_result_free(&r);
}

static void
lines(void)
{
	cleans(&loose, "", "");
	cleans(&loose, "One mill.", "One mill.");
	cleans(&loose, "One mill", "");
	cleans(&loose, "One mill...\nTwo mills?\r\n  Three mills!  ",
	    "Two mills?\nThree mills!");
	cleans(&loose, "Alone.\nNot alone.", "Not alone.");
	cleans(&loose, "A wordoftwentyonelettersx stands here.", "");
	cleans(&loose, "See it.[1][] A mill[edit] here[citation needed].",
	    "See it. A mill here.");
	cleans(&loose, "It has [12a] and [[3]].", "It has [12a] and [].");
	cleans(&loose,
	    "Turn it.\xe2\x80\xa8"
	    "JavaScript is needed.",
	    "Turn it.");
	cleans(&loose, "We use cooKies. We use coo\xe2\x84\xaaies.", "");
	cleans(&loose, "Say \"mill\"", "Say \"mill\"");
}

/* At the start of a line, at its end, in capitals; but not less a letter. */
static void
phrases(void)
{
	static const char *const all[] = { "javascript", "terms of use",
		"privacy policy", "cookie policy", "uses cookies",
		"use of cookies", "use cookies", "lorem ipsum" };
	static const struct c4 c = { .word_max = 100 };
	char text[64];
	size_t i, k, n;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		n = strlen(all[i]);
		for (k = 0; k <= n; k++) {
			snprintf(text, sizeof(text), "%.*s%s", (int)k, all[i],
			    all[i] + (k < n ? k + 1 : k));
			if (k < n && strcmp(text, "use cookies") != 0)
				cleans(&c, text, text);
			else if (all[i][0] == 'l')
				rejects(&c, text, "lorem_ipsum", 1);
			else
				cleans(&c, text, "");
		}
		snprintf(text, sizeof(text), "mill %s mill", all[i]);
		for (k = 0; text[k]; k += 2)
			text[k] ^= text[k] >= 'a' ? 0x20 : 0;
		if (all[i][0] == 'l')
			rejects(&c, text, "lorem_ipsum", 1);
		else
			cleans(&c, text, "");
	}
}

/* Characters count in long words, not bytes; the last word too. */
static void
long_words(void)
{
	static const struct c4 c = { .word_max = 4 };

	cleans(&c, "abcd efgh", "abcd efgh");
	cleans(&c, "abcd efghi", "");
	cleans(&c, "abcde f", "");
	cleans(&c, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
	    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
	cleans(&c,
	    "ab\xe2\x80\x83"
	    "cde",
	    "ab\xe2\x80\x83"
	    "cde");
	cleans(&c, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "");
}

static void
texts(void)
{
	struct c4 c = loose;

	rejects(&c, "Good one.\nLOREM ipsum here.\nint f {.", "lorem_ipsum", 1);
	rejects(&c, "Good one.\nint f {.\nLOREM ipsum.", "curly_bracket", 1);
	cleans(&c, "Good one.\njavascript f {.", "Good one.");
	c.sentences = 3;
	rejects(&c, "Good one. And two.", "few_sentences", 2);
	cleans(&c, "Good one. And two.\nBut a third.",
	    "Good one. And two.\nBut a third.");
}

/* One text by several rules, in any order: as if each were alone. */
static void
again(void)
{
	static const char text[] =
	    "No end[1] here\nA good line [2] ends.\n"
	    "One.\nSome javascript here.\n"
	    "Its privacy policy is short.\nAnd more it is";
	struct c4 marks = loose, few = loose, words = loose;
	const struct c4 *by[] = { &few, &marks, &words, &marks, &few };
	struct c4_result all = { 0 }, one;
	struct err e;
	size_t i;

	words.line_words = 5;
	few.sentences = 100;
	few.end_marks = words.end_marks = false;
	OK(c4_begin(&all, str_c(text), &e) == 0, "begun");
	for (i = 0; i < sizeof(by) / sizeof(*by); i++) {
		one = (struct c4_result){ 0 };
		c4_begin(&one, str_c(text), &e);
		c4_clean(by[i], WORDS_ENGLISH, NULL, &one, &e);
		c4_clean(by[i], WORDS_ENGLISH, NULL, &all, &e);
		OK(str_eq(one.left, all.left) && one.reason == all.reason &&
			(!one.reason || one.value == all.value),
		    "rules %zu on a text that others had", i);
		c4_result_free(&one);
	}
	c4_result_free(&all);
}

/* The rules behind a cleaning see what is left. */
static void
steps(void)
{
	static const char source[] = "profile p: q\nclean c4 sentences=1\n"
				     "long words > 4\n";
	struct judge *j = judge_new();
	struct profile_file *f;
	struct verdict v;
	double words;
	struct err e;

	OK(profile_parse(&f, str_c(source), "p", &e) == 0, "parsed");
	OK(judge_text(j, STR("A mill turns there.\nShop | Home | About"), NULL,
	       &e) == 0,
	    "measured");
	OK(judge_signal(j, SIG_words, &words, &e) == 0 && words == 7,
	    "the whole text's words");
	OK(judge_by(j, profile_of(f), &v, &e) == 0 && !v.reason &&
		str_eq(v.text, STR("A mill turns there.")),
	    "judged by what is left");
	profile_file_free(f);
	judge_free(j);
}

int
main(void)
{
	lines();
	phrases();
	long_words();
	texts();
	again();
	steps();
	return tap_end();
}

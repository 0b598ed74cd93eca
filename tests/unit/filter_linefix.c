/* SPDX-License-Identifier: MIT */
/* RefinedWeb's corrections of lines, and rules on metadata. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/judge.h"
#include "filter/linefix.h"
#include "io/doc.h"
#include "../tap.h"

static const struct linefix usual = { 0.5, 0.999999, 1, 2, 10 };
static struct linefix_result result;

static void
leaves(const char *text, const char *want)
{
	struct err e;
	int rc = linefix_clean(&usual, str_c(text), &result, &e);
	const char *got = result.reason;

	if (!OK(rc == 0 && (got ? strcmp(got, want) == 0
				: str_eq(result.left, str_c(want))),
		"%s", want))
		printf("# of %s\n# %s %.*s\n", text, got ? got : "left",
		    (int)result.left.n, result.left.p);
}

static void
test_lines(void)
{
	leaves("the mill\nTHE MILL is\nthe end", "the mill\nthe end");
	leaves("the mill\nTHE mill\nthe end", "the mill\nTHE mill\nthe end");
	leaves("a page\n2024\nof it", "a page\nof it");
	leaves("a page\n20 24\nof it", "a page\n20 24\nof it");
	leaves("a page\n3 likes\n1.2k  Views!\n7 lakes", "a page\n7 lakes");
	leaves(
	    "a page\n\xef\xbc\x93 likes\n3likes then", "a page\n3likes then");
	leaves("a page\nHome\n\nof it", "a page\n\nof it");
	leaves("a page\n \nof it", "a page\nof it");
	leaves("3 Items in Cart now\nof it all", "3 now\nof it all");
	leaves("items in cart\nof it all", "of it all");
	leaves(
	    "a b c d e f g h items in cart", "a b c d e f g h items in cart");
	leaves("so it goes. Read more...\nof it", "so it goes.\nof it");
	leaves("so it goes. Read more\nof it", "so it goes. Read more\nof it");
	leaves("Sign-in here for it\nof it", "here for it\nof it");
	leaves("not sign-in here\nof it", "not sign-in here\nof it");
	leaves("  a page \n \nof it  \n\n", "a page \nof it");
	leaves("\xc7\x85 \xc7\x85\nof it", "\xc7\x85 \xc7\x85\nof it");
	leaves("", "empty");
	leaves("HOME", "empty");
	leaves("-- ..", "empty");
}

static void
test_removed(void)
{
	struct linefix f = { 0.5, 0.999999, 0.05, 2, 10 };
	struct err e;

	/* 1 word of 20, then 1 of 19 */
	linefix_clean(&f, STR("Home\na b c d e f g h i j k l m n o p q r s"),
	    &result, &e);
	OK(!result.reason && result.changed, "5 %% of the words may go");
	linefix_clean(
	    &f, STR("Home\na b c d e f g h i j k l m n o p q r"), &result, &e);
	OK(result.reason && strcmp(result.reason, "corrected") == 0 &&
		result.value > 0.05 && result.threshold == 0.05,
	    "more may not");
}

static void
rejects(struct doc *d, const char *rule, bool want)
{
	struct judge *j = judge_new();
	struct profile_file *f = NULL;
	struct verdict v = { 0 };
	char source[256];
	struct err e;

	snprintf(source, sizeof(source), "profile p: q\nr %s\n", rule);
	OK(profile_parse(&f, str_c(source), "p", &e) == 0 &&
		judge_text(j, d->text, d, &e) == 0 &&
		judge_by(j, profile_of(f), &v, &e) == 0 &&
		(v.reason != NULL) == want,
	    "%s: %s", rule, want ? "rejects" : "keeps");
	profile_file_free(f);
	judge_free(j);
}

static void
test_metadata(void)
{
	static char line[] = "{\"text\":\"t\",\"metadata\":{\"bucket\":"
			     "\"tail\",\"score\":0.5,\"deep\":{\"n\":3}}}";
	struct doc_parser *p = doc_parser_new();
	char padded[sizeof(line) + DOC_PADDING] = { 0 };
	struct arena arena = { 0 };
	struct doc d = { .arena = &arena };
	struct err e;

	memcpy(padded, line, sizeof(line));
	d.line = (struct str){ padded, sizeof(line) - 1 };
	d.file = "f";
	OK(p && doc_parse(p, &d, &e) == 0, "a document");
	rejects(&d, "metadata.bucket == \"tail\"", true);
	rejects(&d, "metadata.bucket != \"tail\"", false);
	rejects(&d, "metadata.bucket > 1", false);
	rejects(&d, "metadata.score < 0.6", true);
	rejects(&d, "metadata.score == \"0.5\"", false);
	rejects(&d, "metadata.deep.n >= 3", true);
	rejects(&d, "metadata.none < 1", false);
	rejects(&d, "metadata.none != 1", false);
	arena_free(&arena);
	doc_parser_free(p);
}

int
main(void)
{
	test_lines();
	test_removed();
	test_metadata();
	linefix_free(&result);
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/expr.h"
#include "filter/signals.h"
#include "io/doc.h"
#include "../tap.h"

static const char line[] =
    "{\"id\":\"d1\",\"text\":\"t\",\"metadata\":{\"language\":\"en\","
    "\"language_score\":0.7,\"language_reliable\":true,\"url\":\"\","
    "\"n\":-3,\"zero\":0,\"list\":[1],\"none\":null,"
    "\"deep\":{\"no-er\":0.5,\"er\":\"x\\n\\\"y\"}}}";

static struct doc doc;
static struct signals signals;

static void
holds(const char *source, bool want)
{
	struct expr *x;
	struct err e;
	bool ok = expr_parse(&x, str_c(source), NULL, &e) == 0;

	if (!OK(ok && expr_true(x, &signals, &doc, NULL) == want, "%s: %s",
		source, want ? "true" : "false") &&
	    !ok)
		printf("# %s\n", e.msg);
	if (ok)
		expr_free(x);
}

/* The message holds what is said, and nothing leaks. */
static void
fails(const char *source, const char *why)
{
	struct expr *x = NULL;
	struct err e = { 0 };

	if (!OK(expr_parse(&x, str_c(source), NULL, &e) == ERR_ARG && !x &&
		    strstr(e.msg, why),
		"refused: %.40s", source))
		printf("# %s\n", e.msg);
}

static void
test_values(void)
{
	holds("true", true);
	holds("false", false);
	holds("null", false);
	holds("0", false);
	holds("-1", true);
	holds("''", false);
	holds("\"a\"", true);
	holds("language", true);
	holds("url", false);
	holds("metadata.list", true);
	holds("metadata.zero", false);
	holds("metadata.none", false);
	holds("metadata.nothing", false);
	holds("date", false);
	holds("words", true);
	holds("paragraphs", false);
}

static void
test_comparisons(void)
{
	holds("language == \"en\"", true);
	holds("language=='en'", true);
	holds("language != 'en'", false);
	holds("language < 'fr'", true);
	holds("language < 'e'", false);
	holds("language_score > 0.65", true);
	holds("language_score >= 7e-1", true);
	holds("language_score <= .5", false);
	holds("language_reliable == true", true);
	holds("words == 120", true);
	holds("words < 50", false);
	holds("50 <= words", true);
	holds("metadata.n == -3", true);
	holds("metadata.deep.er == 'x\\n\\\"y'", true);
	holds("metadata.deep.no-er==.5", true);
	holds("metadata.language == language", true);
	holds("id == 'd1'", true);
	holds("date == null", true);
	holds("date != null", false);
	holds("metadata.none == null", true);
	holds("language == 1", false);
	holds("language != 1", true);
	holds("language < 1", false);
	holds("metadata.list == metadata.list", false);
	holds("date < 5", false);
}

static void
test_logic(void)
{
	holds("true or false and false", true);
	holds("(true or false) and false", false);
	holds("not true or true", true);
	holds("not (true or true)", false);
	holds("not not true", true);
	holds("not language == 'de'", true);
	holds("language == \"en\" and language_score > 0.65 and words >= 50",
	    true);
	holds(" ( ( true ) ) ", true);
	holds("words>1 and(words<500)", true);
}

static void
test_errors(void)
{
	struct buf b = { 0 };
	int i;

	fails("", "at the end: a value is missing");
	fails("langauge == 'en'", "byte 0: 'langauge'");
	fails("words > 5 and charz < 3", "byte 14: 'charz'");
	fails("words >", "a value is missing");
	fails("words > > 5", "a value is missing");
	fails("1 < words < 5", "two comparisons");
	fails("words = 5", "a comparison or the end is due");
	fails("words 5", "is due");
	fails("(words > 5", "a ) is missing");
	fails("words > 5)", "is due");
	fails("'abc", "the string has no end");
	fails("'a\\q'", "no such escape");
	fails("1.2.3", "no number");
	fails("12abc", "no number");
	fails("-", "no number");
	fails("1e", "no number");
	fails("and", "a value is missing");
	fails("not", "a value is missing");
	fails("metadata", "byte 0");
	fails("metadata.", "byte 0");
	fails("words > 5 xor true", "is due");
	for (i = 0; i < 200; i++)
		buf_puts(&b, i < 100 ? "(" : "not ");
	buf_putc(&b, '\0');
	fails(b.p, "nested too deeply");
	buf_clear(&b);
	for (i = 0; i < 5000; i++)
		buf_puts(&b, "1 or ");
	buf_puts(&b, "1");
	buf_putc(&b, '\0');
	fails(b.p, "too long");
	buf_free(&b);
}

static void
test_needs(void)
{
	struct expr *x;
	struct err e;

	OK(expr_parse(&x, STR("language == 'en'"), NULL, &e) == 0 &&
		!expr_wants(x, SIG_words) && expr_true(x, NULL, &doc, NULL),
	    "metadata needs no signals");
	expr_free(x);
	OK(expr_parse(&x, STR("false or words"), NULL, &e) == 0 &&
		expr_wants(x, SIG_words) && !expr_wants(x, SIG_chars),
	    "a signal's name needs that one");
	expr_free(x);
	OK(strcmp(expr_key(0), "bucket") == 0 && !expr_key(99), "known keys");
}

int
main(void)
{
	struct doc_parser *p = doc_parser_new();
	struct arena arena = { 0 };
	char *copy = calloc(1, sizeof(line) + DOC_PADDING);
	struct err e;

	memcpy(copy, line, sizeof(line) - 1);
	doc = (struct doc){
		.line = { copy, sizeof(line) - 1 }, .file = "f", .arena = &arena
	};
	signals.v[SIG_words] = 120;
	OK(doc_parse(p, &doc, &e) == 0, "a document");
	test_values();
	test_comparisons();
	test_logic();
	test_errors();
	test_needs();
	free(copy);
	arena_free(&arena);
	doc_parser_free(p);
	return tap_end();
}

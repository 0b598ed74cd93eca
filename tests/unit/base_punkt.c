/* SPDX-License-Identifier: MIT */
/* Sentences and tokens as NLTK 3.8.1 has them (what it says stands here). */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/lines.h"
#include "base/text/punkt.h"
#include "base/text/utf8.h"
#include "../tap.h"

static void
join(const struct str *v, size_t n, struct buf *out)
{
	size_t i;

	buf_clear(out);
	for (i = 0; i < n; i++) {
		buf_puts(out, i ? "|" : "");
		buf_str(out, v[i]);
	}
}

static void
sentences_are(const char *text, const char *want)
{
	struct punkt p = { 0 };
	struct buf got = { 0 };
	struct err e;

	OK(punkt_split(&p, str_c(text), &e) == 0, "split");
	join(p.v, p.n, &got);
	OK(str_eq(buf_view(&got), str_c(want)), "sentences: %s", want);
	buf_free(&got);
	punkt_free(&p);
}

static void
tokens_are(const char *text, const char *want)
{
	struct treebank t = { 0 };
	struct buf got = { 0 };
	struct err e;

	OK(treebank_split(&t, str_c(text), &e) == 0, "split");
	join(t.v, t.n, &got);
	OK(str_eq(buf_view(&got), str_c(want)), "tokens: %s", want);
	buf_free(&got);
	treebank_free(&t);
}

static void
test_sentences(void)
{
	sentences_are("", "");
	sentences_are("The mill turns. It grinds!  Does it? Yes",
	    "The mill turns.|It grinds!|Does it?|Yes");
	sentences_are("Dr. Miller met J. Bach in Jan. 1900. He sang.",
	    "Dr. Miller met J. Bach in Jan. 1900.|He sang.");
	sentences_are(
	    "(It turns.) It \"grinds.\" So.", "(It turns.)|It \"grinds.\"|So.");
	sentences_are(
	    "No. 5 mills. 5. mills turn.", "No.|5 mills.|5. mills turn.");
	sentences_are("It turns ... and turns. . . . The end.",
	    "It turns ... and turns.|.|.|.|The end.");
	sentences_are("At 5 p.m. the mill stops?! It does.\n",
	    "At 5 p.m. the mill stops?!|It does.");
}

static void
test_tokens(void)
{
	tokens_are("", "");
	tokens_are(
	    "The mill's wheel won't turn.", "The|mill|'s|wheel|wo|n't|turn|.");
	tokens_are(
	    "\"Go,\" he said: \"now!\"", "``|Go|,|''|he|said|:|``|now|!|''");
	tokens_are("It costs $3,000.50 (5%) -- or so...",
	    "It|costs|$|3,000.50|(|5|%|)|--|or|so|...");
	tokens_are("I cannot; you're gonna, we wanna go.",
	    "I|can|not|;|you|'re|gon|na|,|we|wan|na|go|.");
	tokens_are("\"\"\"Triple\"\"\" 'tis ''quoted'' ```",
	    "``|``|''|Triple|''|''|''|'t|is|``|quoted|''|``|`");
	tokens_are("\xe2\x80\x9cSo,\xe2\x80\x9d \xc2\xabyes\xc2\xbb\xc2\xa0no",
	    "\xe2\x80\x9c|So|,|\xe2\x80\x9d|\xc2\xab|yes|\xc2\xbb|no");
	tokens_are("it's'x", "it|'s|'|x");
	tokens_are("a,,b,:", "a|,|,b|,|:");
}

/* Texts of marks and words by chance: whole UTF-8, no white space, none lost.
 */
static void
test_chance(void)
{
	static const char *const parts[] = { "'", "\"", "''", "`", " ", "\n",
		".", "..", "?", ",", ":", "(", ")", "--", "\xe2\x80\x9d",
		"\xc2\xa0", "cannot", "'tis", "n't", "Mr", "J.", "5", "The",
		"the", "\xc5\xbf" };
	struct treebank t = { 0 };
	struct buf b = { 0 };
	uint64_t seed = 1, bytes, want;
	struct err e;
	size_t i, k;
	bool ok = true;

	for (i = 0; i < 20000; i++) {
		buf_clear(&b);
		for (k = 0; k < 1 + i % 20; k++) {
			seed = mix64(seed + 1);
			buf_puts(&b, parts[seed % 25]);
		}
		for (want = k = 0; k < b.n; k++)
			want += b.p[k] == '"'                     ? 2
				: b.p[k] == ' ' || b.p[k] == '\n' ? 0
								  : 1;
		for (k = 0; k + 1 < b.n; k++) /* white space of two bytes */
			want -= memcmp(b.p + k, "\xc2\xa0", 2) ? 0 : 2;
		ok &= treebank_split(&t, buf_view(&b), &e) == 0;
		for (bytes = k = 0; k < t.n; k++) {
			bytes += t.v[k].n;
			ok &= t.v[k].n && utf8_valid(t.v[k]) &&
			      text_strip(t.v[k]).n == t.v[k].n;
		}
		ok &= bytes == want;
	}
	OK(ok, "tokens cover all but white space");
	buf_free(&b);
	treebank_free(&t);
}

int
main(void)
{
	test_sentences();
	test_tokens();
	test_chance();
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "base/text/words.h"
#include "../tap.h"

/* The tokens of text, each followed by '|'. */
static void
tokens_are(const char *text, const char *want)
{
	struct tokens t = { 0 };
	struct buf got = { 0 };
	struct err e;
	size_t i;

	OK(tokens_split(&t, str_c(text), &e) == 0, "split");
	for (i = 0; i < t.n; i++) {
		buf_str(&got, t.v[i]);
		buf_putc(&got, '|');
	}
	if (!OK(str_eq(buf_view(&got), str_c(want)), "tokens: %s", want))
		printf("# got %.*s\n", (int)got.n, got.p);
	buf_free(&got);
	tokens_free(&t);
}

/* Pieces that punctuation, scripts and spaces of all kinds come from. */
static const char *const parts[] = { "a", "Z", "mill", "The", "7", "12", " ",
	" ", "\n", "\t", ".", "..", "...", ",", "'", "'s", "n't", "\"", "-",
	"--", "(", ")", "%", "+", "$", "://", "www.", "/", ":", "@", "#", "*",
	"\xe2\x80\xa6", "\xe2\x80\x99", "\xe2\x80\x94", "\xe2\x80\xa8",
	"\xc3\xa9", "\xc3\x89", "\xe6\xb0\xb4", "\xe3\x80\x82",
	"\xf0\x9f\x8c\xbe", "\xc2\xa0", "\xcc\x81", "\x1f", "\x01", "~" };

static struct str
random_text(struct buf *b, uint64_t *seed)
{
	size_t i, n = mix64(++*seed) % 40;

	buf_clear(b);
	for (i = 0; i < n; i++)
		buf_puts(b,
		    parts[mix64(++*seed) % (sizeof(parts) / sizeof(*parts))]);
	return buf_view(b);
}

/* Between `from` and `to` stands nothing but white space. */
static bool
only_space(const char *from, const char *to)
{
	struct str gap = { from, (size_t)(to - from) };

	return text_strip(gap).n == 0;
}

static bool
has_space(struct str s)
{
	const char *p = s.p, *end = p + s.n;
	size_t len;

	for (; p < end; p += len)
		if (text_is_space(utf8_get(p, end, &len)))
			return true;
	return false;
}

/* Tokens are what is left when white space is taken away, whatever comes. */
static void
tokens_cover(void)
{
	struct buf b = { 0 };
	uint64_t seed = 1;
	struct tokens t = { 0 };
	bool ok = true;
	struct err e;
	size_t j;
	int i;

	for (i = 0; i < 20000; i++) {
		struct str text = random_text(&b, &seed), token;
		const char *at = text.p;

		ok &= tokens_split(&t, text, &e) == 0;
		for (j = 0; j < t.n; j++) {
			token = t.v[j];
			ok &= token.n > 0 && token.p >= at &&
			      only_space(at, token.p) && !has_space(token) &&
			      utf8_valid(token);
			at = token.p + token.n;
		}
		ok &= only_space(at, text.p + text.n);
	}
	OK(ok, "tokens cover all but white space");
	tokens_free(&t);
	buf_free(&b);
}

static void
sentences_are(const char *text, uint64_t want)
{
	struct tokens t = { 0 };
	struct sentences s = { 0 };
	struct err e;
	size_t i;

	OK(tokens_split(&t, str_c(text), &e) == 0, "split");
	for (i = 0; i < t.n; i++)
		sentences_add(&s, t.v[i]);
	tokens_free(&t);
	OK(s.n == want, "%d sentences: %s", (int)want, text);
}

static void
lines_are(struct str text, const char *want)
{
	struct text_lines l = { text };
	struct buf got = { 0 };
	struct str line;

	while (text_lines_next(&l, &line)) {
		buf_str(&got, line);
		buf_putc(&got, '|');
	}
	OK(str_eq(buf_view(&got), str_c(want)), "lines: %s", want);
	buf_free(&got);
}

static void
pieces_are(const char *text, size_t min, const char *want)
{
	struct text_pieces s = { .text = str_c(text), .min = min };
	struct buf got = { 0 };
	struct str piece;

	while (text_pieces_next(&s, &piece)) {
		buf_str(&got, piece);
		buf_putc(&got, '|');
	}
	OK(str_eq(buf_view(&got), str_c(want)), "pieces by %d: %s", (int)min,
	    want);
	buf_free(&got);
}

static void
test_tokens(void)
{
	tokens_are("", "");
	tokens_are(" \n\t ", "");
	tokens_are("The mill turns.", "The|mill|turns|.|");
	tokens_are("(\"Well,\" she said...)", "(|\"|Well|,|\"|she|said|...|)|");
	tokens_are("don't they're I'm we'd can't miller's",
	    "do|n't|they|'re|I|'m|we|'d|ca|n't|miller|'s|");
	tokens_are("don\xe2\x80\x99t", "do|n\xe2\x80\x99t|");
	tokens_are("water-mill 3-4 a--b x/y a:b", "water|-|mill|3|-|4|a|--|b|"
						  "x|/|y|a|:|b|");
	tokens_are("J. R. went to the USA. a. (b.)",
	    "J.|R.|went|to|the|USA|.|a.|(|b.|)|");
	tokens_are("end.Start no.start 3.14 1,000", "end|.|Start|no.start|3.14|"
						    "1,000|");
	tokens_are("see https://example.org/a-b,c.", "see|"
						     "https://example.org/"
						     "a-b,c|.|");
	tokens_are("50% $5 5$ +3 a+ !!", "50|%|$|5|5|$|+3|a+|!|!|");
	tokens_are("\xc2\xabOui\xc2\xbb \xe2\x80\x94 non\xe2\x80\xa6",
	    "\xc2\xab|Oui|\xc2\xbb|\xe2\x80\x94|non|\xe2\x80\xa6|");
	tokens_are("\xe6\xb0\xb4\xe8\xbb\x8a\xe3\x80\x82",
	    "\xe6\xb0\xb4\xe8\xbb\x8a|\xe3\x80\x82|");
	tokens_are("a\xe2\x80\xa8"
		   "b\xc2\xa0"
		   "c\x1f"
		   "d",
	    "a|b|c|d|");
	tokens_are("- item", "-|item|");
	/* exceptions, whole and within a chunk */
	tokens_are("Mr. Mill cannot, e.g. at 10a.m.",
	    "Mr.|Mill|can|not|,|e.g.|at|10|a.m.|");
	tokens_are("(rye and/or/wheat) :-)", "(|rye|and/or|/|wheat|)|:-)|");
	tokens_are("he's C++ : ) o.O", "he|'s|C++|:|)|o.O|");
	tokens_are(":):):)", ":)|:)|:)|");
	/* units, currencies */
	tokens_are("5kg, 10km/h 3m\xc2\xb2 20US$ US$20 x5",
	    "5|kg|,|10|km/h|3|m\xc2\xb2|20|US$|US$|20|x5|");
	tokens_are("20\xc2\xb0"
		   "C.",
	    "20|\xc2\xb0|C|.|");
	/* addresses */
	tokens_are("mill.example/a-b,c 192.0.2.1:80 10.0.0.1-a",
	    "mill.example/a-b,c|192.0.2.1:80|10.0.0.1|-|a|");
	tokens_are("a.b@mill.example.", "a.b@mill.example|.|");
}

static void
test_lines(void)
{
	lines_are(STR(""), "");
	lines_are(STR("one"), "one|");
	lines_are(STR("\n"), "|");
	lines_are(STR("a\nb\r\nc\rd\n"), "a|b|c|d|");
	lines_are(STR("a\x0b"
		      "b\x0c"
		      "c\x1c"
		      "d\x1d"
		      "e\x1e"
		      "f\x1fg"),
	    "a|b|c|d|e|f\x1fg|");
	lines_are(STR("a\xc2\x85"
		      "b\xe2\x80\xa8"
		      "c\xe2\x80\xa9"
		      "d\xe2\x80\xaa"),
	    "a|b|c|d\xe2\x80\xaa|");
	pieces_are("", 1, "|");
	pieces_are("\n\n", 1, "||");
	pieces_are("\na\n\nb\nc\n", 1, "|a|b|c||");
	pieces_are("a\nb\n\nc\n\n\n\nd", 2, "a\nb|c|d|");
	pieces_are("\n\na\n\n", 2, "|a||");
	OK(str_eq(
	       text_strip(STR("\xc2\xa0 \x1f x y\xe3\x80\x80\n")), STR("x y")),
	    "white space of all kinds is stripped");
	OK(text_strip(STR(" \n\xe2\x80\xa8")).n == 0, "nothing is left");
}

int
main(void)
{
	test_tokens();
	tokens_cover();
	sentences_are("", 0);
	sentences_are("no end", 1);
	sentences_are("One.  (Two", 2);
	sentences_are("One. (Two", 2);
	sentences_are("One.\n. Two", 3);
	sentences_are("One. Two! Three?", 3);
	sentences_are("He said \"yes.\" Then he went...", 2);
	sentences_are("\xe6\xb0\xb4 \xe3\x80\x82 \xe8\xbb\x8a \xe3\x80\x82", 2);
	test_lines();
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "base/text/words.h"
#include "../tap.h"

static void
lower_is(const char *text, const char *want)
{
	struct buf b = { 0 };
	struct err e;
	bool ok = text_lower(str_c(text), &b, &e) == 0 &&
		  str_eq(buf_view(&b), str_c(want));

	OK(ok, "lower case of %s", text);
	buf_free(&b);
}

/* The words of text, joined by '|'. */
static void
plain_is(const char *text, const char *want)
{
	struct buf low = { 0 }, got = { 0 };
	struct plain_words w;
	struct str word;
	struct err e;
	bool ok = plain_words_init(&w, str_c(text), &low, &e) == 0;

	while (ok && plain_words_next(&w, &word)) {
		buf_str(&got, word);
		buf_putc(&got, '|');
	}
	OK(ok && str_eq(buf_view(&got), str_c(want)), "plain words: %s", want);
	buf_free(&low);
	buf_free(&got);
}

/* No code point may outgrow the room that text_lower() asks for. */
static void
every_code_point(void)
{
	struct buf b = { 0 };
	char utf8[4];
	size_t n, worst = 0, len;
	uint32_t cp, bad = 0;
	struct err e;

	for (cp = 0; cp < 0x110000; cp++) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n = utf8_put(utf8, cp);
		buf_clear(&b);
		text_lower((struct str){ utf8, n }, &b, &e);
		bad += cp != 0x130 &&
		       utf8_get(b.p, b.p + b.n, &len) != uni_lower(cp);
		bad += !utf8_valid(buf_view(&b)) || 2 * b.n > 3 * n;
		worst = b.n > worst ? b.n : worst;
	}
	OK(bad == 0 && worst == 4, "lower case of every code point");
	buf_free(&b);
}

/* Eight bytes at a time must agree with one at a time, at any offset. */
static void
every_ascii(void)
{
	char text[200], want[200];
	struct buf b = { 0 };
	struct err e;
	size_t i, from;
	bool ok = true;

	for (i = 0; i < sizeof(text); i++) {
		text[i] = (char)(i % 128);
		want[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32
								  : text[i]);
	}
	for (from = 0; from < 17; from++) {
		buf_clear(&b);
		text_lower(
		    (struct str){ text + from, sizeof(text) - from }, &b, &e);
		ok &= b.n == sizeof(text) - from &&
		      memcmp(b.p, want + from, b.n) == 0;
	}
	OK(ok, "lower case of ASCII at any offset");
	buf_free(&b);
}

int
main(void)
{
	lower_is("", "");
	lower_is("A Mill AT the River; 42", "a mill at the river; 42");
	lower_is("\xc3\x84\xc3\x96\xc3\x9c STRASSE", "\xc3\xa4\xc3\xb6\xc3\xbc "
						     "strasse");
	lower_is("\xc4\xb0zmir", "i\xcc\x87zmir");
	lower_is("\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\xa3 "
		 "\xce\xa3\xce\x91",
	    "\xce\xbf\xce\xb4\xce\xbf\xcf\x82 \xcf\x83 \xcf\x83\xce\xb1");
	lower_is("\xce\x91.\xce\xa3.", "\xce\xb1.\xcf\x82.");
	every_code_point();
	every_ascii();

	plain_is("", "");
	plain_is(" .,- \n", "");
	plain_is("word", "word|");
	plain_is("The mill's wheel: snake_case, 3.14!",
	    "the|mill|s|wheel|snake_case|3|14|");
	plain_is("\xe6\xb0\xb4\xe8\xbb\x8a\xe3\x80\x82"
		 "42\xc2\xbd\xe2\x85\xa3",
	    "\xe6\xb0\xb4\xe8\xbb\x8a|42\xc2\xbd\xe2\x85\xb3|");
	plain_is("caf\xc3\xa9\xe2\x80\xa8next cafe\xcc\x81s",
	    "caf\xc3\xa9|next|cafe|s|");
	return tap_end();
}

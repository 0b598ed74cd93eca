/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "filter/lang.h"
#include "../tap.h"

static void
language_is(const char *text, const char *want)
{
	struct lang l;
	struct err e;

	if (!OK(lang_guess(str_c(text), &l, &e) == 0 &&
		    strcmp(l.code, want) == 0 && l.score >= 0 && l.score <= 1,
		"%s: %s", want, text))
		printf("# got %s %g\n", l.code, l.score);
}

int
main(void)
{
	static const char *const old[] = { "iw", "jw", "mo", "zh-Hant", "sr-ME",
		"bh", "un", "xx", "", "xx-Goth", "zzp" };
	static const char *const codes[] = { "en", "de", "fr", "zh", "he", "jv",
		"ro", "ceb", "haw", "und", "chr", "bho" };
	struct lang l;
	struct err e;
	size_t i;

	language_is(
	    "The old mill stands by the river and turns all day.", "en");
	language_is(
	    "Die alte M\xc3\xbchle steht am Fluss und mahlt das Korn.", "de");
	language_is("Le vieux moulin est au bord de la rivi\xc3\xa8re.", "fr");
	language_is("\xd7\x94\xd7\x98\xd7\x97\xd7\xa0\xd7\x94 "
		    "\xd7\x94\xd7\x99\xd7\xa9\xd7\xa0\xd7\x94 "
		    "\xd7\xa2\xd7\x95\xd7\x9e\xd7\x93\xd7\xaa",
	    "he");
	language_is("\xe6\x88\x91\xe5\x80\x91\xe5\x9c\xa8\xe9\x80\x99\xe8\xa3"
		    "\xa1\xe7\x9c\x8b\xe8\xa6\x8b\xe5\xa4\xa7\xe9\x96\x80",
	    "zh");
	language_is("\xe6\x88\x91\xe4\xbb\xac\xe5\x9c\xa8\xe8\xbf\x99\xe9\x87"
		    "\x8c\xe7\x9c\x8b\xe8\xa7\x81\xe5\xa4\xa7\xe9\x97\xa8",
	    "zh");
	language_is("", "und");
	language_is("12 34 56, 78.", "und");
	OK(lang_guess((struct str){ "a\0b\x01", 4 }, &l, &e) == 0,
	    "control characters");
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		OK(lang_known(str_c(codes[i])), "%s is known", codes[i]);
	for (i = 0; i < sizeof(old) / sizeof(*old); i++)
		OK(!lang_known(str_c(old[i])), "'%s' is not", old[i]);
	return tap_end();
}

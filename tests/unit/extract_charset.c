/* SPDX-License-Identifier: MIT */
/* Charsets: what a page is in, whatever it says. */
#include <iconv.h>
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "extract/charset.h"

static struct charset *cs;
static struct buf out;

static void
gives(struct str s, const char *label, const char *want, const char *name,
    const char *what)
{
	struct str text;
	const char *got;
	struct err e;
	bool ok = charset_decode(
		      cs, s, str_c(label), true, &out, &text, &got, &e) == 0;

	if (!OK(ok && str_eq(text, str_c(want)) && strcmp(got, name) == 0, "%s",
		what))
		printf(
		    "# got %s: %.*s\n", ok ? got : e.msg, (int)text.n, text.p);
}

/* UTF-8 in another encoding, by iconv; the caller frees. */
static struct str
encode(const char *utf8, const char *to)
{
	iconv_t cd = iconv_open(to, "UTF-8");
	size_t left = strlen(utf8), room = 4 * left + 16, had = room;
	char *in = (char *)(uintptr_t)utf8, *p = malloc(room), *at = p;

	if (cd == (iconv_t)-1)
		abort();
	iconv(cd, &in, &left, &at, &room);
	iconv(cd, NULL, NULL, &at, &room);
	iconv_close(cd);
	return (struct str){ p, had - room };
}

static void
round_trip(const char *label, const char *utf8, const char *name)
{
	struct str s = encode(utf8, label);

	gives(s, label, utf8, name, label);
	free((char *)(uintptr_t)s.p);
}

#define RU "\xd0\xbc\xd0\xb5\xd0\xbb\xd1\x8c\xd0\xbd\xd0\xb8\xd1\x86\xd0\xb0"
#define ZH "\xe6\xb0\xb4\xe8\xbd\xa6\xe7\xa3\xa8\xe5\x9d\x8a"
#define JA "\xe6\xb0\xb4\xe8\xbb\x8a\xe5\xb0\x8f\xe5\xb1\x8b\xe3\x81\xaf"
#define KO "\xeb\xac\xbc\xeb\xa0\x88\xeb\xb0\xa9\xec\x95\x84"
#define DE \
	"M\xc3\xbchle und B\xc3\xa4" \
	"cker"

static void
labels(void)
{
	round_trip("windows-1251", RU, "windows-1251");
	round_trip("koi8-r", RU, "koi8-r");
	round_trip("iso-8859-5", RU, "iso-8859-5");
	round_trip("ibm866", RU, "ibm866");
	round_trip("gbk", ZH, "gb18030");
	round_trip("gb18030", ZH, "gb18030");
	round_trip("shift_jis", JA, "shift_jis");
	round_trip("euc-jp", JA, "euc-jp");
	round_trip("iso-2022-jp", JA, "iso-2022-jp");
	round_trip("euc-kr", KO, "euc-kr");
	round_trip("latin1", DE, "windows-1252");
	round_trip("iso-8859-15", DE, "iso-8859-15");
	round_trip("utf-16le", DE, "utf-16le");
	round_trip("utf-16be", DE, "utf-16be");
	OK(charset_lookup(STR(" Latin1 ")) == CHARSET_1252 &&
		charset_lookup(STR("UTF8")) == CHARSET_UTF8,
	    "labels in any case, between blanks");
	OK(charset_lookup(STR("")) < 0 && charset_lookup(STR("x")) < 0 &&
		charset_lookup(STR("gbk gb2312")) < 0,
	    "labels that are none");
}

static void
tables(void)
{
	size_t i, bad = 0, dup = 0, n = 0;
	const char *p, *end;

	for (i = 0; i < charset_nenc; i++) {
		iconv_t cd = iconv_open("UTF-8", charset_encs[i].iconv);

		bad += cd == (iconv_t)-1;
		if (cd != (iconv_t)-1)
			iconv_close(cd);
		dup += charset_lookup(str_c(charset_encs[i].name)) != (int)i;
		for (p = charset_encs[i].labels + 1; *p; p = end + 1, n++) {
			end = strchr(p, ' ');
			dup += charset_lookup((struct str){
				   p, (size_t)(end - p) }) != (int)i;
		}
	}
	OK(bad == 0, "iconv knows all %zu encodings", charset_nenc);
	OK(dup == 0, "each of %zu labels stands for one", n);
}

static void
truth(void)
{
	gives(
	    STR("\xef\xbb\xbf" RU), "windows-1251", RU, "utf-8", "UTF-8's BOM");
	gives(STR("\xff\xfe"
		  "a\0b\0"),
	    "utf-8", "ab", "utf-16le", "UTF-16LE's BOM");
	gives(STR("\xfe\xff"
		  "\0a\0b"),
	    "", "ab", "utf-16be", "UTF-16BE's BOM");
	gives(STR("<\0p\0>\0w\0h\0e\0e\0l\0"), "", "<p>wheel", "utf-16le",
	    "UTF-16 without anything");
	gives(STR(RU), "latin1", RU, "utf-8", "UTF-8 called latin1");
	gives(STR(RU), "", RU, "utf-8", "UTF-8 not called anything");
	gives(STR("plain"), "windows-1251", "plain", "utf-8", "ASCII");
	gives(STR(RU "\xd0"), "", RU "\xef\xbf\xbd", "utf-8",
	    "UTF-8 cut off in a character");
	gives(STR(RU RU RU RU "\xff" RU), "utf-8",
	    RU RU RU RU "\xef\xbf\xbd" RU, "utf-8", "one bad byte in UTF-8");
	/* 0x92 is the apostrophe of windows-1252 only. */
	gives(STR("It\x92s"), "iso-8859-1", "It\xe2\x80\x99s", "windows-1252",
	    "latin1 means windows-1252");
	/* U+9555 is in GBK, not in GB 2312. */
	gives(STR("\xc4\xa5\xb7\xbb\xe9\x46"), "gb2312",
	    "\xe7\xa3\xa8\xe5\x9d\x8a\xe9\x95\x95", "gb18030",
	    "GBK under the label gb2312");
	gives(STR("a\x81z"), "windows-1252", "a\xef\xbf\xbdz", "windows-1252",
	    "a byte that means nothing");
	gives(STR(""), "", "", "utf-8", "nothing");
	gives(STR("\xef\xbb\xbf"), "", "", "utf-8", "only a BOM");
}

static void
meta(void)
{
	static const struct {
		const char *html, *want;
	} t[] = {
		{ "<meta charset=utf-8>", "utf-8" },
		{ "<META CharSet = 'koi8-r' />", "koi8-r" },
		{ "<meta http-equiv=\"Content-Type\" content=\"text/html; "
		  "charset=windows-1251\">",
		    "windows-1251" },
		{ "<meta name=a content=b><meta charset=\"gbk\">", "gbk" },
		{ "<?xml version='1.0' encoding=\"euc-kr\"?><html>", "euc-kr" },
		{ "<meta name=description content='no set'>", "" },
		{ "<meta charset>", "" },
		{ "<meta charset=", "" },
		{ "", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++)
		OK(str_eq(charset_prescan(str_c(t[i].html)), str_c(t[i].want)),
		    "prescan %s", t[i].html);
	gives(STR("<meta charset=windows-1251>\xec\xe5\xeb\xfc"), "",
	    "<meta charset=windows-1251>\xd0\xbc\xd0\xb5\xd0\xbb\xd1\x8c",
	    "windows-1251", "meta without a header");
	gives(STR("<meta charset=koi8-r>\xec\xe5\xeb\xfc"), "windows-1251",
	    "<meta charset=koi8-r>\xd0\xbc\xd0\xb5\xd0\xbb\xd1\x8c",
	    "windows-1251", "the header wins over meta");
}

/* Undeclared bytes: the guess. */
static void
guesses(void)
{
	static const char *const ru = RU
	    " \xd1\x81\xd1\x82\xd0\xbe\xd0\xb8\xd1\x82 \xd1\x83 "
	    "\xd1\x80\xd0\xb5\xd0\xba\xd0\xb8, \xd0\xb8 "
	    "\xd0\xba\xd0\xbe\xd0\xbb\xd0\xb5\xd1\x81\xd0\xbe "
	    "\xd0\xba\xd1\x80\xd1\x83\xd1\x82\xd0\xb8\xd1\x82\xd1\x81\xd1\x8f "
	    "\xd0\xb2\xd0\xb5\xd1\x81\xd1\x8c \xd0\xb4\xd0\xb5\xd0\xbd\xd1\x8c";
	struct str s = encode(ru, "CP1251");

	gives(s, "", ru, "windows-1251", "undeclared windows-1251");
	gives(s, "utf-8", ru, "windows-1251", "windows-1251 called utf-8");
	free((char *)(uintptr_t)s.p);
}

/* Any bytes under any label come out as valid UTF-8. */
static void
anything(void)
{
	size_t i, k, bad = 0;
	struct str text;
	const char *name;
	struct err e;
	char s[200];

	for (i = 0; i < charset_nenc * 50; i++) {
		for (k = 0; k < sizeof(s); k++)
			s[k] = (char)((i * 2654435761u + k * k * 40503u) >> 7);
		if (charset_decode(cs, (struct str){ s, sizeof(s) },
			str_c(charset_encs[i % charset_nenc].name), false, &out,
			&text, &name, &e) < 0 ||
		    !utf8_valid(text))
			bad++;
	}
	OK(bad == 0, "any bytes become valid UTF-8");
}

int
main(void)
{
	cs = charset_new();
	tables();
	labels();
	truth();
	meta();
	guesses();
	anything();
	charset_free(cs);
	buf_free(&out);
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include "extract/charset.h"
#include "extract/field.h"

/*
 * Names and labels as browsers know them.  Labels that differ from the name
 * only by case are not repeated.  The first four have numbers (charset.h).
 * Source: WHATWG Encoding Standard, section 4.2.
 */
const struct charset_enc charset_encs[] = {
	{ "utf-8", "UTF-8",
	    " utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 "
	    "x-unicode20utf8 utf-8-sig utf8mb4 " },
	{ "utf-16le", "UTF-16LE",
	    " utf-16 unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff " },
	{ "utf-16be", "UTF-16BE", " unicodefffe " },
	{ "windows-1252", "CP1252",
	    " ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 "
	    "iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 "
	    "latin1 latin-1 us-ascii x-cp1252 x-user-defined " },
	{ "ibm866", "IBM866", " 866 cp866 csibm866 " },
	{ "iso-8859-2", "ISO-8859-2",
	    " csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 "
	    "iso_8859-2:1987 l2 latin2 " },
	{ "iso-8859-3", "ISO-8859-3",
	    " csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 "
	    "iso_8859-3:1988 l3 latin3 " },
	{ "iso-8859-4", "ISO-8859-4",
	    " csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 "
	    "iso_8859-4:1988 l4 latin4 " },
	{ "iso-8859-5", "ISO-8859-5",
	    " csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 "
	    "iso_8859-5 iso_8859-5:1988 " },
	{ "iso-8859-6", "ISO-8859-6",
	    " arabic asmo-708 csiso88596e csiso88596i csisolatinarabic "
	    "ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 "
	    "iso_8859-6 iso_8859-6:1987 " },
	{ "iso-8859-7", "ISO-8859-7",
	    " csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 "
	    "iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek " },
	{ "iso-8859-8", "ISO-8859-8",
	    " csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 "
	    "iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual "
	    "csiso88598i iso-8859-8-i logical " },
	{ "iso-8859-10", "ISO-8859-10",
	    " csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6 " },
	{ "iso-8859-13", "ISO-8859-13", " iso8859-13 iso885913 " },
	{ "iso-8859-14", "ISO-8859-14", " iso8859-14 iso885914 " },
	{ "iso-8859-15", "ISO-8859-15",
	    " csisolatin9 iso8859-15 iso885915 iso_8859-15 l9 latin9 " },
	{ "iso-8859-16", "ISO-8859-16", " iso8859-16 " },
	{ "koi8-r", "KOI8-R", " cskoi8r koi koi8 koi8_r " },
	{ "koi8-u", "KOI8-U", " koi8-ru " },
	{ "macintosh", "MACINTOSH", " csmacintosh mac x-mac-roman " },
	{ "windows-874", "CP874",
	    " dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 cp874 " },
	{ "windows-1250", "CP1250", " cp1250 x-cp1250 " },
	{ "windows-1251", "CP1251", " cp1251 x-cp1251 win-1251 " },
	{ "windows-1253", "CP1253", " cp1253 x-cp1253 " },
	{ "windows-1254", "CP1254",
	    " cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 "
	    "iso_8859-9 iso_8859-9:1989 l5 latin5 x-cp1254 " },
	{ "windows-1255", "CP1255", " cp1255 x-cp1255 " },
	{ "windows-1256", "CP1256", " cp1256 x-cp1256 " },
	{ "windows-1257", "CP1257", " cp1257 x-cp1257 " },
	{ "windows-1258", "CP1258", " cp1258 x-cp1258 " },
	{ "x-mac-cyrillic", "MAC-CYRILLIC", " x-mac-ukrainian " },
	/* As WHATWG's gbk decoder is gb18030's, one entry serves both. */
	{ "gb18030", "GB18030",
	    " gbk chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 "
	    "iso-ir-58 x-gbk cp936 " },
	{ "big5", "BIG5-HKSCS", " big5-hkscs cn-big5 csbig5 x-x-big5 " },
	{ "euc-jp", "EUC-JP-MS", " cseucpkdfmtjapanese x-euc-jp eucjp " },
	{ "iso-2022-jp", "ISO-2022-JP", " csiso2022jp " },
	{ "shift_jis", "CP932",
	    " csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis "
	    "cp932 " },
	{ "euc-kr", "CP949",
	    " cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 "
	    "ks_c_5601-1989 ksc5601 ksc_5601 windows-949 uhc cp949 " },
	/* Not WHATWG's, but uchardet's. */
	{ "iso-2022-kr", "ISO-2022-KR", " csiso2022kr " },
	{ "euc-tw", "EUC-TW", " " },
	{ "viscii", "VISCII", " " },
};
const size_t charset_nenc = sizeof(charset_encs) / sizeof(*charset_encs);

enum { MAX_LABEL = 40 };

int
charset_lookup(struct str label)
{
	char key[MAX_LABEL + 3];
	size_t i;

	label = field_trim(label);
	if (label.n == 0 || label.n > MAX_LABEL)
		return -1;
	key[0] = ' ';
	for (i = 0; i < label.n; i++) {
		if (label.p[i] == ' ' || label.p[i] == '\0')
			return -1;
		key[i + 1] = field_lower(label.p[i]);
	}
	key[i + 1] = ' ';
	key[i + 2] = '\0';
	for (i = 0; i < charset_nenc; i++)
		if (field_is(label, charset_encs[i].name) ||
		    strstr(charset_encs[i].labels, key))
			return (int)i;
	return -1;
}

/* The value behind "charset" or "encoding" at p: = "value". */
static struct str
value_behind(struct str s)
{
	size_t n = 0;
	char quote = 0;

	s = field_trim(s);
	if (s.n == 0 || s.p[0] != '=')
		return (struct str){ NULL, 0 };
	s = field_trim((struct str){ s.p + 1, s.n - 1 });
	if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
		quote = s.p[0];
		s.p++;
		s.n--;
	}
	while (n < s.n && s.p[n] != quote && s.p[n] != '"' && s.p[n] != '\'' &&
	       s.p[n] != ';' && s.p[n] != '>' && s.p[n] != '/' &&
	       !(field_is_space(s.p[n]) && n))
		n++;
	return field_trim((struct str){ s.p, n });
}

/* The value of `key` within one tag. */
static struct str
value_in(struct str tag, const char *key)
{
	const char *p = field_find(tag, key);
	size_t skip;

	if (!p)
		return (struct str){ NULL, 0 };
	skip = (size_t)(p - tag.p) + strlen(key);
	return value_behind((struct str){ tag.p + skip, tag.n - skip });
}

struct str
charset_prescan(struct str s)
{
	/* Browsers look at 1024 bytes; pages put it later. */
	enum { PRESCAN = 8192 };
	struct str tag, v;
	const char *p, *end;

	s.n = s.n < PRESCAN ? s.n : PRESCAN;
	if (s.n > 5 && memcmp(s.p, "<?xml", 5) == 0) {
		p = memchr(s.p, '>', s.n);
		tag = (struct str){ s.p, p ? (size_t)(p - s.p) : s.n };
		v = value_in(tag, "encoding");
		if (v.n)
			return v;
	}
	while ((p = field_find(s, "<meta"))) {
		s.n -= (size_t)(p + 5 - s.p);
		s.p = p + 5;
		end = memchr(s.p, '>', s.n);
		tag = (struct str){ s.p, end ? (size_t)(end - s.p) : s.n };
		v = value_in(tag, "charset");
		if (v.n)
			return v;
	}
	return (struct str){ NULL, 0 };
}

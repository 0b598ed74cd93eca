/* SPDX-License-Identifier: MIT */
/*
 * What normalizers and Punctuation make of characters that came behind the
 * versions of Unicode which the tokenizers library has there, and of older ones
 * beside them.  Every code point: tests/parity/unicode.py.
 */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "tokenizer/normalize.h"
#include "tokenizer/pre.h"
#include "tokenizer/uage.h"

static const struct {
	enum norm_kind kind;
	const char *from, *to, *what;
} cases[] = {
	{ NORM_NFC, "e\u0301", "\u00e9", "NFC joins" },
	{ NORM_NFC, "\u0344", "\u0308\u0301", "NFC takes apart what it must" },
	{ NORM_NFC, "a\u0323\u0307", "\u1ea1\u0307", "NFC orders marks" },
	{ NORM_NFC, "a\u0307\u0323", "\u1ea1\u0307", "NFC orders marks again" },
	{ NORM_NFC, "\U00011935\U00011930", "\U00011935\U00011930",
	    "NFC: 13.0's don't join" },
	{ NORM_NFC, "a\u1ac1\u0323", "a\u1ac1\u0323",
	    "NFC: 14.0's marks aren't moved, and keep others apart" },
	{ NORM_NFC, "e\u1ac1\u0301e\u0301", "e\u1ac1\u0301\u00e9",
	    "NFC goes on behind one" },
	{ NORM_NFC, "\xffx\u0301\xc3", "\xffx\u0301\xc3", "NFC: stray bytes" },
	{ NORM_NFD, "\u00e9\U00011938", "e\u0301\U00011938",
	    "NFD: 13.0's stay whole" },
	{ NORM_NFKC, "\u32fe\u32ff", "\u30f2\u32ff", "NFKC: 12.1's era stays" },
	{ NORM_NFKD, "\ufb01\ua7f2", "fi\ua7f2", "NFKD: 14.0's letter stays" },
	{ NORM_LOWERCASE, "\u0130\u1e9e\u1c89\U00010d50\ua7cb",
	    "i\u0307\u00df\u1c8a\U00010d70\u0264", "small letters" },
	{ NORM_UNACCENT, "a\u0301\u0903\u1cf2\U000111c9\u0d00",
	    "a\U000111c9\u0d00", "StripAccents: marks of 9.0" },
};

static bool
is_normalised(enum norm_kind k, const char *from, const char *to, bool want)
{
	struct norm n = { .n = 1, .steps = { { .kind = k } } };
	struct norm_work w = { .want = want };
	struct str s = str_c(from);
	struct err e;
	bool good;

	good = norm_run(&n, &s, &w, &e) == 0 && str_eq(s, str_c(to));
	norm_work_free(&w);
	return good;
}

static void
test_cases(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		OK(is_normalised(
		       cases[i].kind, cases[i].from, cases[i].to, false) &&
			is_normalised(
			    cases[i].kind, cases[i].from, cases[i].to, true),
		    "%s", cases[i].what);
}

/* BERT's parts: nonspacing marks and controls are those of 8.0. */
static void
test_bert(void)
{
	static const char from[] =
	    "a\u0301\u1734\u1885\ua9bd\u00ad\u0890\u200b|\tb";
	struct norm n = { .n = 2,
		.steps = { { .kind = NORM_BERT, .clean = true },
		    { .kind = NORM_UNACCENT, .nonspacing_only = true } } };
	struct norm_work w = { 0 };
	struct str s = str_c(from);
	struct err e;

	OK(norm_run(&n, &s, &w, &e) == 0 &&
		str_eq(s, str_c("a\u1885\ua9bd\u0890| b")),
	    "BertNormalizer: marks and controls of 8.0");
	norm_work_free(&w);
}

struct pieces {
	struct buf all;
};

static int
add_piece(void *ctx, const struct piece *p, struct err *e)
{
	struct pieces *to = ctx;

	buf_str(&to->all, p->s);
	buf_putc(&to->all, '|');
	return buf_ok(&to->all, e);
}

static void
test_punctuation(void)
{
	static const char json[] = "{\"type\":\"Punctuation\"}";
	static const char text[] = "a\u166d\U000111c9\u2e42\u2e43\u061d.b+";
	struct pieces to = { { 0 } };
	struct pre p = { .n = 0 };
	struct pre_run *r = NULL;
	struct json *j = NULL;
	struct err e;

	OK(json_parse(&j, json, sizeof(json) - 1, &e) == 0 &&
		pre_read(&p, json_root(j), &e) == 0 &&
		(r = pre_run_new(&p, &e)) &&
		pre_pieces(r, str_c(text), true, NULL, false, add_piece, &to,
		    &e) == 0 &&
		str_eq(buf_view(&to.all),
		    str_c("a|\u166d|\U000111c9|\u2e42|\u2e43\u061d|.|b|+|")),
	    "Punctuation is 8.0's");
	pre_run_free(r);
	json_free(j);
	pre_free(&p);
	buf_free(&to.all);
}

static void
test_ages(void)
{
	uint32_t cp, n8 = 0, n9 = 0;

	for (cp = 0; cp < 0x110000; cp++) {
		n8 += uage_behind_8(cp);
		n9 += uage_behind_9(cp);
	}
	OK(n8 > n9 && n9 > 800, "what came with 9 is behind 8 only");
	OK(!uage_behind_8(0x61c) && uage_behind_8(0x61d) &&
		!uage_behind_8(0x61e) && uage_behind_8(0x8d4) &&
		!uage_behind_9(0x8d4) && uage_behind_8(0x1fbf9) &&
		!uage_behind_8(0x1fbfa) && !uage_behind_8(0x10ffff),
	    "ages at the ends of runs");
}

int
main(void)
{
	test_cases();
	test_bert();
	test_punctuation();
	test_ages();
	return tap_end();
}

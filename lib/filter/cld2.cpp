/* SPDX-License-Identifier: MIT */
/* A C face over CLD2, which has codes of its own for some languages. */
#include <climits>
#include <cstdio>
#include <cstring>
#include <new>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include "base/err.h"
#include "filter/lang.h"

struct renamed {
	const char *cld2, *iso;
};

/*
 * Codes withdrawn from ISO 639, and scripts (xx-...) written in one language
 * only.  Source: ISO 639 and ISO 15924 registries.
 */
static const renamed renames[] = {
	{ "iw", "he" },
	{ "jw", "jv" },
	{ "mo", "ro" },
	{ "bh", "bho" },
	{ "sr-ME", "cnr" },
	{ "zh-Hant", "zh" },
	{ "xx-Armn", "hy" },
	{ "xx-Beng", "bn" },
	{ "xx-Cher", "chr" },
	{ "xx-Copt", "cop" },
	{ "xx-Geor", "ka" },
	{ "xx-Goth", "got" },
	{ "xx-Grek", "el" },
	{ "xx-Gujr", "gu" },
	{ "xx-Guru", "pa" },
	{ "xx-Hang", "ko" },
	{ "xx-Hani", "zh" },
	{ "xx-Hira", "ja" },
	{ "xx-Kana", "ja" },
	{ "xx-Khmr", "km" },
	{ "xx-Knda", "kn" },
	{ "xx-Laoo", "lo" },
	{ "xx-Limb", "lif" },
	{ "xx-Mlym", "ml" },
	{ "xx-Mong", "mn" },
	{ "xx-Mymr", "my" },
	{ "xx-Nkoo", "nqo" },
	{ "xx-Olck", "sat" },
	{ "xx-Orya", "or" },
	{ "xx-Sinh", "si" },
	{ "xx-Taml", "ta" },
	{ "xx-Telu", "te" },
	{ "xx-Thaa", "dv" },
	{ "xx-Thai", "th" },
	{ "xx-Tibt", "bo" },
	{ "xx-Vaii", "vai" },
	{ "xx-Yiii", "ii" },
};

static bool
is_code(const char *s)
{
	size_t n = strlen(s);

	return (n == 2 || n == 3) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz") == n;
}

/* The ISO code, "und" for what is no language (Pig Latin is "zzp"). */
static const char *
code_of(CLD2::Language lang)
{
	const char *code = CLD2::LanguageCode(lang);

	for (const renamed &r : renames)
		if (strcmp(r.cld2, code) == 0)
			return r.iso;
	if (lang == CLD2::UNKNOWN_LANGUAGE || !is_code(code) ||
	    strncmp(code, "zz", 2) == 0 || strcmp(code, "xxx") == 0)
		return "und";
	return code;
}

int
lang_guess(struct str text, struct lang *l, struct err *e)
{
	CLD2::CLDHints hints = { nullptr, nullptr, CLD2::UNKNOWN_ENCODING,
		CLD2::UNKNOWN_LANGUAGE };
	CLD2::Language top[3], best;
	int percent[3], bytes, n = text.n < INT_MAX ? int(text.n) : INT_MAX;
	double score[3];
	bool reliable;

	*l = { "und", 0, false };
	if (n == 0)
		return 0;
	try {
		best = CLD2::ExtDetectLanguageSummary(text.p, n, true, &hints,
		    CLD2::kCLDFlagBestEffort, top, percent, score, nullptr,
		    &bytes, &reliable);
	} catch (const std::bad_alloc &) {
		return err_nomem(e, "language identification");
	}
	for (int i = 0; i < 3; i++) {
		if (strcmp(code_of(top[i]), "und") == 0)
			continue;
		strcpy(l->code, code_of(top[i]));
		l->score = percent[i] / 100.0;
		l->reliable = reliable && top[i] == best;
		break;
	}
	return 0;
}

bool
lang_known(struct str code)
{
	if (str_eq(code, STR("und")))
		return true;
	for (int i = 0; i < CLD2::NUM_LANGUAGES; i++)
		if (str_eq(code, str_c(code_of(CLD2::Language(i)))))
			return true;
	return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * Any bytes up to a NUL as a list of words, those behind it as a text: what is
 * found stands in the text, of each list in order and apart.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "filter/lexicon_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
find(const struct lexicons *l, struct str text, struct str language)
{
	struct lexicon_found f = { 0 };
	size_t i, end[2] = { 0 };
	struct err e;

	demand(lexicons_find(l, text, language, &f, &e) == 0);
	for (i = 0; i < f.n; i++) {
		demand(f.v[i].list < 2 && f.v[i].n);
		demand(f.v[i].start >= end[f.v[i].list]);
		end[f.v[i].list] = (size_t)f.v[i].start + f.v[i].n;
		demand(end[f.v[i].list] <= text.n);
		demand(utf8_valid(
		    (struct str){ text.p + f.v[i].start, f.v[i].n }));
	}
	lexicon_found_free(&f);
}

/* Sentences with entries go: what is left is some of the text's bytes. */
static void
judge(struct lexicons *l, struct str text)
{
	struct lexicon_rules r = { .lists = l,
		.unit = CLASSIFY_SENTENCE,
		.drop = true,
		.spans = true };
	struct lexicon_scratch s = { 0 };
	struct lexicon_verdict v;
	struct err e;

	demand(lexicon_judge(&r, &s, text, STR("de"), &v, &e) == 0);
	demand(v.text.n <= text.n && utf8_valid(v.text));
	demand(!v.rule || v.json.n);
	lexicon_scratch_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *stop = n ? memchr(data, 0, n) : NULL;
	size_t list = stop ? (size_t)(stop - data) : n;
	struct str source = { (const char *)data, list };
	struct lexicons *l = lexicons_new();
	char *copy = malloc(n - list + 1); /* a byte too far is noticed */
	struct str text = { copy, stop ? n - list - 1 : 0 };
	struct err e;

	demand(l && copy);
	memcpy(copy, stop ? stop + 1 : data, text.n);
	if (lexicons_parse(l, STR("a"), STR(""), source, "f", &e) == 0 &&
	    lexicons_parse(l, STR("b"), STR("de"), source, "f", &e) == 0) {
		demand(lexicons_seal(l, &e) == 0);
		if (utf8_valid(text)) {
			find(l, text, STR(""));
			find(l, text, STR("de"));
			judge(l, text);
		}
	} else {
		demand(e.code == ERR_FORMAT);
	}
	free(copy);
	lexicons_free(l);
	return 0;
}

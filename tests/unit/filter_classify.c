/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/lines.h"
#include "filter/classify.h"
#include "../tap.h"

/* What is left of text when the units whose bit is set are gone. */
static void
left_is(struct classify_units *u, const char *text, enum classify_unit unit,
    unsigned gone, const char *want)
{
	struct buf b = { 0 };
	struct err e;
	size_t i;
	bool same;

	if (classify_units_split(u, str_c(text), unit, &e) < 0)
		abort();
	for (i = 0; i < u->n; i++)
		u->gone[i] = gone >> i & 1;
	classify_units_join(u, str_c(text), &b);
	same = str_eq(buf_view(&b), str_c(want));
	if (!OK(same, "unit %d, gone: %#x", (int)unit, gone))
		printf("# got %.*s\n", (int)b.n, b.p ? b.p : "");
	buf_free(&b);
}

static void
test_join(void)
{
	static const char text[] = "  One. Two here! \n\n Three?\nFour.\n";
	struct classify_units u = { 0 };

	left_is(&u, text, CLASSIFY_SENTENCE, 0, text);
	left_is(
	    &u, text, CLASSIFY_SENTENCE, 1, "Two here! \n\n Three?\nFour.\n");
	left_is(&u, text, CLASSIFY_SENTENCE, 2, "  One. \n\n Three?\nFour.\n");
	left_is(
	    &u, text, CLASSIFY_SENTENCE, 4, "  One. Two here! \n\n Four.\n");
	left_is(&u, text, CLASSIFY_SENTENCE, 8, "  One. Two here! \n\n Three?");
	left_is(&u, text, CLASSIFY_SENTENCE, 15, "");
	left_is(&u, text, CLASSIFY_PARAGRAPH, 1, "Three?\nFour.\n");
	left_is(&u, text, CLASSIFY_PARAGRAPH, 6, "  One. Two here!");
	left_is(&u, text, CLASSIFY_DOCUMENT, 1, "");
	left_is(&u, "", CLASSIFY_SENTENCE, 0, "");
	left_is(&u, " \n", CLASSIFY_PARAGRAPH, 0, " \n");
	classify_units_free(&u);
}

static void
make_text(struct buf *b, uint64_t seed)
{
	static const char *const parts[] = { "Mill", " ", "\n", ".", "!", "a",
		"\r\n", "\xc3\xa4", "\xe2\x80\xa8", "Dr.", " The", "\t", "?" };
	uint64_t i, n = mix64(seed) % 40;

	buf_clear(b);
	for (i = 0; i < n; i++)
		buf_puts(b, parts[mix64(seed * 64 + i) % 13]);
}

/* The units that stay, in order, with nothing but white space around them. */
static bool
holds(struct str text, const struct classify_units *u)
{
	size_t i, k;

	for (i = 0; i < u->n; i++) {
		if (u->gone[i])
			continue;
		text = text_lstrip(text);
		if (!str_starts(text, u->v[i]))
			return false;
		k = u->v[i].n;
		text = (struct str){ text.p + k, text.n - k };
	}
	return text_lstrip(text).n == 0;
}

static bool
sound(struct classify_units *u, struct str text, uint64_t seed, struct buf *out)
{
	struct err e;
	size_t i;
	bool ok;

	if (classify_units_split(u, text, (enum classify_unit)(seed % 3), &e) <
	    0)
		return false;
	ok = holds(text, u);
	buf_clear(out);
	classify_units_join(u, text, out);
	ok &= u->n == 0 || str_eq(buf_view(out), text);
	for (i = 0; i < u->n; i++)
		u->gone[i] = mix64(seed + 9 * i) & 1;
	buf_clear(out);
	classify_units_join(u, text, out);
	return ok && holds(buf_view(out), u);
}

static void
test_random(void)
{
	struct classify_units u = { 0 };
	struct buf text = { 0 }, out = { 0 };
	uint64_t seed;
	bool ok = true;

	for (seed = 0; seed < 6000; seed++) {
		make_text(&text, seed);
		ok &= sound(&u, buf_view(&text), seed, &out);
	}
	OK(ok, "units that stay, and white space");
	classify_units_free(&u);
	buf_free(&text);
	buf_free(&out);
}

static void
rule_is(struct classify_rules *r, const char *text, const char *rule,
    const char *why)
{
	struct classify_scratch s = { 0 };
	struct classify_verdict v;
	struct err e;

	if (classify_judge(r, &s, str_c(text), 1, &v, &e) < 0)
		abort();
	OK(rule ? v.rule && strcmp(v.rule, rule) == 0 &&
		      str_eq(v.why, str_c(why))
		: !v.rule,
	    "%s: %s", text, rule ? rule : "wanted");
	classify_scratch_free(&s);
}

static void
test_rules(void)
{
	static struct str german[] = { { "deu_Latn", 8 } };
	struct classify_rules r = { .drop_above = 0.3 };
	struct fasttext *f;
	struct err e;

	if (!OK(fasttext_load(&f, "tests/models/soft.bin", &e) == 0, "a model"))
		return;
	r.model = f;
	OK(!classify_rules_any(&r), "no rules");
	rule_is(&r, "the mill", NULL, NULL);
	r.drop = (struct strs){ german, 1 };
	rule_is(&r, "Die M\xc3\xbchle mahlt", "label_above", "deu_Latn");
	rule_is(&r, "the mill", NULL, NULL);
	r.min_score = 0.9999;
	rule_is(&r, "the mill", "label_score", "eng_Latn");
	r.keep = (struct strs){ german, 1 };
	rule_is(&r, "the mill", "label", "eng_Latn");
	OK(classify_rules_any(&r) && classify_rules_check(&r, &e) == 0,
	    "rules");
	german->n = 3;
	OK(classify_rules_check(&r, &e) == ERR_ARG, "a label that is none");
	fasttext_free(f);
}

int
main(void)
{
	test_join();
	test_random();
	test_rules();
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
/* Recipes: what is read, and where errors point. */
#include <string.h>

#include "base/err.h"
#include "mix/recipe.h"
#include "tap.h"

static int
parse(struct recipe *r, const char *text, struct err *e)
{
	return recipe_parse(r, "a.mix", text, strlen(text), e);
}

static void
test_whole(void)
{
	static const char text[] =
	    "# a comment\n"
	    "\n"
	    "%mix 1   # and one more\n"
	    "seed 42\n"
	    "tokenizer sha256:"
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
	    "unit token\n"
	    "source web shards/web/**.bin epochs<=1\n"
	    "source code \"my shards/code\" epochs<=2.5\r\n"
	    "source hq hq#1\n"
	    "group general web:90 code:rest\n"
	    "batch 0.5M\n"
	    "phase base 2T seq=2048 general\n"
	    "phase anneal 50B code:85 general:10.5 hq:4.5\n"
	    "assert repeats(code)<=4 share(general)>=5";
	const struct recipe_phase *ph;
	struct recipe r;
	struct err e = { 0 };
	int rc = parse(&r, text, &e);

	OK(rc == 0, "a recipe with everything: %s", e.msg);
	OK(r.seed == 42 && r.batches[0].size == 500000 && r.nsource == 3 &&
		r.ngroup == 1 && r.nphase == 2 && r.nassert == 2,
	    "its lines");
	OK(r.tokenizer[0] == '0' && strlen(r.tokenizer) == 64, "its digest");
	OK(strcmp(r.sources[1].path, "my shards/code") == 0 &&
		strcmp(r.sources[2].path, "hq#1") == 0,
	    "a quoted path; '#' within a word");
	OK(r.sources[1].epochs.num == 5 && r.sources[1].epochs.den == 2 &&
		r.sources[2].epochs.den == 0,
	    "epochs");
	ph = &r.phases[0];
	OK(ph->tokens == 2000000000000 && ph->seq == 2048 && ph->d == 10 &&
		ph->blend.n == 2 && ph->w[0] == 9 && ph->w[1] == 1,
	    "a phase of a group");
	ph = &r.phases[1];
	OK(ph->seq == RECIPE_SEQ && ph->d == 2000 && ph->w[0] == 189 &&
		ph->w[1] == 1721 && ph->w[2] == 90,
	    "shares through a group are exact: %llu %llu %llu of %llu",
	    (unsigned long long)ph->w[0], (unsigned long long)ph->w[1],
	    (unsigned long long)ph->w[2], (unsigned long long)ph->d);
	recipe_free(&r);
}

static void
test_least(void)
{
	struct recipe r;
	struct err e;

	OK(parse(&r, "%mix 1\nsource a b\nphase p 1K a\n", &e) == 0 &&
		r.phases[0].tokens == 1000 && r.nbatch == 1 &&
		r.batches[0].size == RECIPE_BATCH,
	    "only %%mix, source and phase are required");
	recipe_free(&r);
}

static const struct {
	const char *text, *want;
} bad[] = {
	{ "", "a.mix:1:1: a recipe begins with" },
	{ "source a b\n", "a.mix:1:1: a recipe begins with" },
	{ "%mix 2\n", "a.mix:1:6: recipes of version '2'" },
	{ "%mix 1\n", "a.mix:1:1: a recipe has at least one phase" },
	{ "%mix 1\nsources a b\n", "a.mix:2:1: 'sources' is no statement" },
	{ "%mix 1\nsource 1a b\n", "a.mix:2:8: '1a' is no name" },
	{ "%mix 1\nsource rest b\n", "a.mix:2:8: 'rest' means" },
	{ "%mix 1\nsource a b\nsource a c\n", "a.mix:3:8: 'a' is already" },
	{ "%mix 1\nsource a b epochs<=0\n", "a.mix:2:12: '0' is not a num" },
	{ "%mix 1\nsource a b epochs=1\n", "a.mix:2:12: 'epochs=1' is not s" },
	{ "%mix 1\nsource a b order=len\n", "a.mix:2:12: 'order=len' is not" },
	{ "%mix 1\nsource a b c d\n", "a.mix:2:14: one word too many" },
	{ "%mix 1\nsource a \"b\n", "a.mix:2:11: the closing '\"'" },
	{ "%mix 1\nseed x\n", "a.mix:2:6: 'x' is not a whole number" },
	{ "%mix 1\nseed 1\nseed 2\n", "a.mix:3:1: a second 'seed'" },
	{ "%mix 1\nbatch 1K:32K ~12B:3M\n", "a.mix:2:7: the first batch" },
	{ "%mix 1\nbatch 0:32K 12B\n", "a.mix:2:13: write TOKENS:SIZE" },
	{ "%mix 1\nbatch 0:32K ~0:3M\n", "a.mix:2:13: batch sizes are in" },
	{ "%mix 1\nbatch 0\n", "a.mix:2:7: a batch has 1 to" },
	{ "%mix 1\nunit document\n", "a.mix:2:6: shares are of tokens" },
	{ "%mix 1\ntokenizer sha256:12\n", "a.mix:2:11: write sha256:" },
	{ "%mix 1\nsource web b\nphase p 1K wob\n",
	    "a.mix:3:12: no source or group 'wob' before this line; is 'web'" },
	{ "%mix 1\nsource a b\nphase p 1K z\n", "write source z PATH first" },
	{ "%mix 1\nsource a b\nphase p 1K a:50\n",
	    "a.mix:3:12: shares are percent and add up to 50, not 100: write "
	    "a:rest" },
	{ "%mix 1\nsource a b\nsource c d\nphase p 1K a:100 c:rest\n",
	    "a.mix:4:18: nothing is left" },
	{ "%mix 1\nsource a b\nsource c d\nphase p 1K a c\n",
	    "a.mix:4:12: 'a' needs a share" },
	{ "%mix 1\nsource a b\nsource c d\nphase p 1K a:0 c:rest\n",
	    "a.mix:4:12: '0' is not a share" },
	{ "%mix 1\nsource a b\nphase p 1K a:nan\n", "'nan' is not a share" },
	{ "%mix 1\nsource a b\nphase p 1K a:-1\n", "'-1' is not a share" },
	{ "%mix 1\nsource a b\nphase p 1K a:50 a:50\n", "'a' a second time" },
	{ "%mix 1\nsource a b\nphase p 1K a:rest a:rest\n", "second time" },
	{ "%mix 1\nsource a b\nphase p 0 a\n", "a.mix:3:9: a phase has" },
	{ "%mix 1\nsource a b\nphase p 1Q a\n", "a.mix:3:9: '1Q' is not" },
	{ "%mix 1\nsource a b\nphase p 1K seq=0 a\n", "a.mix:3:12: a row" },
	{ "%mix 1\nsource a b\nphase p 1K seq=2048->8192 a\n",
	    "a.mix:3:12: a sequence length that changes" },
	{ "%mix 1\nsource a b\nphase p 1K a -> a\n",
	    "a.mix:3:14: '->' is not supported" },
	{ "%mix 1\nsource a b\nphase p 1K a:5->6\n", "not supported" },
	{ "%mix 1\nsource a b\nphase p 1K a lr=linear:0\n",
	    "a.mix:3:14: 'lr=' is not supported" },
	{ "%mix 1\nsource a b\nphase p 1K len>=8:50 a:50\n",
	    "a.mix:3:12: 'len>=' is not supported" },
	{ "%mix 1\nsource a b\nphase p 1K a\nphase p 1K a\n",
	    "a.mix:4:7: a second phase 'p'" },
	{ "%mix 1\nsource a b\nphase p 1K a\nassert replay(a)>=1\n",
	    "a.mix:4:8: 'replay(a)>=1' is not supported" },
	{ "%mix 1\nsource a b\nphase p 1K a\nassert repeats(b)<=1\n",
	    "a.mix:4:8: no source or group 'b'" },
};

static void
test_errors(void)
{
	struct recipe r;
	struct err e;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		rc = parse(&r, bad[i].text, &e);
		if (!OK(rc == ERR_FORMAT && strstr(e.msg, bad[i].want),
			"refused: %s", rc < 0 ? e.msg : "(not at all)"))
			printf("# wanted %s\n", bad[i].want);
		recipe_free(&r);
	}
}

static bool
is_ratio(const char *s, uint64_t num, uint64_t den)
{
	struct ratio v;

	return ratio_parse(str_c(s), &v) && v.num == num && v.den == den;
}

static void
test_ratios(void)
{
	struct ratio v;

	OK(is_ratio("12.50", 25, 2) && is_ratio("1e-8", 1, 100000000) &&
		is_ratio("2.5e3", 2500, 1) && is_ratio("100/3", 100, 3) &&
		is_ratio(".5", 1, 2) && is_ratio("0", 0, 1) &&
		is_ratio("1.5/2.25", 2, 3),
	    "exact numbers");
	OK(!ratio_parse(STR(""), &v) && !ratio_parse(STR("."), &v) &&
		!ratio_parse(STR("1e"), &v) && !ratio_parse(STR("1/0"), &v) &&
		!ratio_parse(STR("1x"), &v) && !ratio_parse(STR("1e99"), &v) &&
		!ratio_parse(STR("1e-99"), &v) &&
		!ratio_parse(STR("1.2.3"), &v) &&
		!ratio_parse(STR("123456789012345678901"), &v) &&
		!ratio_parse(STR("inf"), &v),
	    "what is none, or does not fit");
}

int
main(void)
{
	test_whole();
	test_least();
	test_errors();
	test_ratios();
	return tap_end();
}

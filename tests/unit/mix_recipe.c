/* SPDX-License-Identifier: MIT */
/* Recipes: what is read, and where errors point. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "mix/recipe.h"
#include "tap.h"

/* Source i has 1000 * 2^i tokens. */
static int
size_of(void *ctx, const struct recipe *r, uint32_t i, uint64_t *tokens,
    struct err *e)
{
	(void)ctx;
	(void)r;
	(void)e;
	*tokens = 1000ull << (i < 20 ? i : 20);
	return 0;
}

static const struct recipe_sizes sizes = { size_of, NULL };

static int
parse(struct recipe *r, const char *text, struct err *e)
{
	return recipe_parse(r, "a.mix", text, strlen(text), &sizes, e);
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

#define FOUR "%mix 1\nsource a a\nsource b b\nsource c c\nsource d d\n"

/* Shares of a phase as written, start and end, over its d. */
static bool
shares_are(const char *text, uint32_t phase, const char *want)
{
	const struct recipe_phase *ph;
	struct buf got = { 0 };
	struct recipe r;
	struct err e = { 0 };
	bool ok = false;
	uint32_t i;

	if (parse(&r, text, &e) == 0 && phase < r.nphase) {
		ph = &r.phases[phase];
		buf_printf(&got, "%s %llu seq %u:", ph->blend.name.p,
		    (unsigned long long)ph->tokens, ph->seq);
		for (i = 0; i < ph->blend.n; i++) {
			buf_printf(&got, " %s %.6g",
			    r.sources[ph->blend.v[i].source].name.p,
			    (double)ph->w[i] / (double)ph->d);
			if (ph->to)
				buf_printf(&got, "->%.6g",
				    (double)ph->to[i] / (double)ph->d);
		}
	}
	buf_putc(&got, '\0');
	ok = e.code == 0 && strcmp(got.p, want) == 0;
	if (!ok)
		printf("# %s\n# %s\n", got.p, e.msg);
	buf_free(&got);
	recipe_free(&r);
	return ok;
}

/* Sizes are 1000, 2000, 4000 and 8000 tokens. */
static void
test_rules(void)
{
	OK(shares_are(FOUR "group g proportional a c\nphase p 1K g\n", 0,
	       "p 1000 seq 1024: a 0.2 c 0.8"),
	    "proportional");
	OK(shares_are(FOUR "phase p 1K proportional=3K a b,c d\n", 0,
	       "p 1000 seq 1024: a 0.111111 b 0.222222 c 0.333333 d 0.333333"),
	    "with a cap");
	OK(shares_are(FOUR "phase p 1K temperature=2 a c\n", 0,
	       "p 1000 seq 1024: a 0.333333 c 0.666667"),
	    "temperature 2: roots of sizes");
	OK(shares_are(FOUR "phase p 1K temperature=1:2K a c\n", 0,
	       "p 1000 seq 1024: a 0.333333 c 0.666667"),
	    "a cap comes before the temperature");
	OK(shares_are(FOUR "phase p 1K unimax=2:12K a b c d\n", 0,
	       "p 1000 seq 1024: a 0.166667 b 0.277778 c 0.277778 d 0.277778"),
	    "UniMax: at most two epochs, the rest even");
	OK(shares_are(FOUR "group g proportional a b\n"
			   "phase p 1K proportional g d\n",
	       0, "p 1000 seq 1024: a 0.0909091 b 0.181818 d 0.727273"),
	    "a group counts for all its sources");
}

static void
test_changes(void)
{
	OK(shares_are(FOUR "phase p 1K a:60 b:40 -> b:10,c:90\n", 0,
	       "p 1000 seq 1024: a 0.6->0 b 0.4->0.1 c 0->0.9"),
	    "shares that change");
	OK(shares_are(
	       FOUR "phase p 1001 seq=8->32 a\n", 2, "p@32 335 seq 32: a 1"),
	    "stages of doubling length, the last with what is left over");
	OK(shares_are("%mix 1\nscale 1e-6\nsource a a\nphase p 1.5B a\n", 0,
	       "p 1500 seq 1024: a 1"),
	    "scaled");
	OK(shares_are(FOUR "phase p 1001 seq=32->8 a -> b\n", 1,
	       "p@16 333 seq 16: a 0.666667->0.333333 b 0.333333->0.666667"),
	    "halving, with shares that change from stage to stage");
}

static void
test_lr(void)
{
	struct recipe r;
	struct err e = { 0 };

	OK(parse(&r,
	       FOUR "phase p 1K a\nphase q 1K lr=0.5 a\n"
		    "phase s 1K a lr=cosine:0.1\nphase t 1K a\n",
	       &e) == 0 &&
		r.phases[0].lr[1] == 1 && r.phases[1].lr[0] == 0.5 &&
		r.phases[2].lr[0] == 0.5 && r.phases[2].lr[1] == 0.1 &&
		r.phases[2].curve == CURVE_COSINE && r.phases[3].lr[0] == 1,
	    "learning rates go on from the phase before %s", e.msg);
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
	{ "%mix 1\nsource a b epochs=1\n", "a.mix:2:12: write epochs<=E here" },
	{ "%mix 1\nsource a b order=len:up\n",
	    "a.mix:2:12: 'len:up' is no number of documents" },
	{ "%mix 1\nsource a b order=x order=y\n",
	    "a.mix:2:20: a second 'order='" },
	{ "%mix 1\nsource a b pack=fit pack=document\n",
	    "a.mix:2:21: a second 'pack='" },
	{ "%mix 1\nsource a b epochs<=1 epochs<=2\n",
	    "a.mix:2:22: a second 'epochs<='" },
	{ "%mix 1\nsource a b\nphase p 1K seq=8 seq=16 a\n",
	    "a.mix:3:18: a second 'seq='" },
	{ "%mix 1\nsource a b\nphase p 1K lr=1 a lr=2\n",
	    "a.mix:3:19: a second 'lr='" },
	{ "%mix 1\nadapt odm every=1 every=2\n",
	    "a.mix:2:19: a second 'every='" },
	{ "%mix 1\nspecial fim 1 2 1\n", "a.mix:2:13: a model could not tell" },
	{ "%mix 1\nspecial spans 1..2\nspecial spans 3..4\n",
	    "a.mix:3:1: a second 'special spans' line, the first is line 2" },
	{ "%mix 1\nsource a b len>=\n", "a.mix:2:12: '' is not a number" },
	{ "%mix 1\nsource a b len>=8K\n", "a.mix:2:12: '8K' is not a number" },
	{ "%mix 1\nsource a b len>=nan\n", "a.mix:2:12: 'nan' is not a" },
	{ "%mix 1\nsource a b 1x<=2\n", "a.mix:2:12: '1x' is no number of" },
	{ "%mix 1\nsource a b epochs>=2\n", "a.mix:2:12: write epochs<=E" },
	{ "%mix 1\nsource a b\nsource c d[len:0..1]\n",
	    "a.mix:3:10: no source 'd' before this line to take" },
	{ "%mix 1\nsource a b\nsource c a[len:1..0]\n",
	    "a.mix:3:10: a range goes from 0 up to 1" },
	{ "%mix 1\nsource a b\nsource c a[len:0..1.5]\n",
	    "a.mix:3:10: a range goes from 0 up to 1" },
	{ "%mix 1\nsource a b\nsource c a[len:0.5]\n",
	    "a.mix:3:10: '0.5' is no range" },
	{ "%mix 1\nsource a b\nsource c a[len:0..1]\nsource d c[len:0..1]\n",
	    "a.mix:4:10: 'c' is itself a part" },
	{ "%mix 1\nsource a b\nphase p 1K a pace=sqrt:0.1\n",
	    "a.mix:3:14: none of its sources has an order" },
	{ "%mix 1\nsource a b order=len\nphase p 1K a pace=cube:0.1\n",
	    "a.mix:3:14: write pace=sqrt:START" },
	{ "%mix 1\nsource a b order=len\nphase p 1K a pace=sqrt:1\n",
	    "a.mix:3:14: write pace=sqrt:START" },
	{ "%mix 1\nsource a b order=len\nphase p 1K a pace=sqrt:.1:x\n",
	    "a.mix:3:14: 'x' is not a number of parts" },
	{ "%mix 1\nsource a b order=len\nphase p 1K a pace=sqrt:.1 seq=8->16\n",
	    "a.mix:3:14: pace= and a length that changes" },
	{ "%mix 1\nsource a b order=len\nsource c d\n"
	  "phase p 1K a:50 c:rest -> c pace=sqrt:.1\n",
	    "a.mix:4:29: pace= goes with shares that stay" },
	{ "%mix 1\nsource a b c d\n", "a.mix:2:12: 'c' is no option" },
	{ "%mix 1\nsource a b pack=tight\n", "a.mix:2:12: write pack=cut" },
	{ "%mix 1\nsource a b pack=cut:9\n", "a.mix:2:12: write pack=cut" },
	{ "%mix 1\nsource a b pack=fit:x\n", "a.mix:2:12: 'x' is not a num" },
	{ "%mix 1\nsource a b pack=fit:0\n", "a.mix:2:12: a window has 1" },
	{ "%mix 1\nsource a b objective=x\n", "a.mix:2:12: write object" },
	{ "%mix 1\nsource a b objective=prefix:1\n",
	    "a.mix:2:12: write objective=causal" },
	{ "%mix 1\nsource a b objective=fim:.5\n",
	    "a.mix:2:12: fill-in-the-middle needs three tokens" },
	{ "%mix 1\nspecial fim 1 2 3\nsource a b objective=fim:0\n",
	    "a.mix:3:12: '0' is not above 0" },
	{ "%mix 1\nspecial fim 1 2 3\nsource a b objective=fim:1:2\n",
	    "a.mix:3:12: '2' is not from 0 to 1" },
	{ "%mix 1\nsource a b objective=ul2\n",
	    "a.mix:2:12: span corruption needs tokens" },
	{ "%mix 1\nspecial spans 9..1\nsource a b objective=spans:1:3\n",
	    "a.mix:3:12: write spans:NOISE:MEAN" },
	{ "%mix 1\nspecial spans 9..1\nsource a b objective=spans:.5:.5\n",
	    "a.mix:3:12: write spans:NOISE:MEAN" },
	{ "%mix 1\nspecial spans 9\n", "a.mix:2:15: write the first and" },
	{ "%mix 1\nspecial fim 1 2\n", "a.mix:2:9: write special fim" },
	{ "%mix 1\nspecial eyes 1 2 3\n", "a.mix:2:9: write special fim" },
	{ "%mix 1\nspecial fim 1 <s> 3\n", "a.mix:2:15: '<s>' is no token" },
	{ "%mix 1\ntokenizer none.json\n", "a.mix:2:11: none.json" },
	{ "%mix 1\nsource a b foreign=400\n",
	    "a.mix:2:12: foreign shards don't say which" },
	{ "%mix 1\nsource a b foreign=0\n", "a.mix:2:12: a vocabulary has" },
	{ "%mix 1\nsource a \"b\n", "a.mix:2:11: the closing '\"'" },
	{ "%mix 1\nbatch 5\nscale 1\n", "a.mix:3:1: scale stands before" },
	{ "%mix 1\nscale 0\n", "a.mix:2:7: '0' is not a factor above" },
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
	{ "%mix 1\nsource a b\nphase p 1K seq=8->24 a\n",
	    "a.mix:3:12: a sequence length changes by doubling" },
	{ "%mix 1\nsource a b\nphase p 1K seq=0->8 a\n",
	    "a.mix:3:12: a row has 1 to" },
	{ "%mix 1\nsource a b\nphase p 1K a ->\n",
	    "a.mix:3:14: write the shares to begin with" },
	{ "%mix 1\nsource a b\nphase p 1K a -> a -> a\n",
	    "a.mix:3:19: a second '->'" },
	{ "%mix 1\nsource a b\nphase p 1K a:5->6\n",
	    "a.mix:3:12: shares change all together" },
	{ "%mix 1\nsource a b\nphase p 1K a lr=fast\n",
	    "a.mix:3:14: 'fast' is not a factor" },
	{ "%mix 1\nsource a b\nphase p 1K len>=8:50 a:50\n",
	    "a.mix:3:12: 'len>=' can't stand here" },
	{ "%mix 1\nsource a b\nphase p 1K a:50,,\n",
	    "a.mix:3:12: a share is missing at a comma" },
	{ "%mix 1\nsource a b\nphase p 1K a:epochs=1\n",
	    "a.mix:3:7: nothing takes what epochs= leaves" },
	{ "%mix 1\nsource a b\nphase p 1K a a:epochs=1\n",
	    "a.mix:3:14: 'a' has another share" },
	{ "%mix 1\nsource a b\nsource c d\nphase p 1K a -> c a:epochs=1\n",
	    "a.mix:4:19: epochs= says how much" },
	{ "%mix 1\nsource a b\nsource c d\n"
	  "group g proportional a:5 c:5\n",
	    "a.mix:4:22: behind proportional stand names only" },
	{ "%mix 1\nsource a b\nsource c d\ngroup g unimax=4 a c\n",
	    "a.mix:4:9: write unimax=EPOCHS:BUDGET" },
	{ "%mix 1\nsource a b\nsource c d\ngroup g temperature=0 a c\n",
	    "a.mix:4:9: write temperature=T" },
	{ "%mix 1\nsource a b\nphase p 1K a\nphase p 1K a\n",
	    "a.mix:4:7: a second phase 'p'" },
	{ "%mix 1\nsource a b\nphase p 1K a\nassert replay(a)>=5\n",
	    "a.mix:4:8: replay() is a part of 1" },
	{ "%mix 1\nsource a b\nphase p 1K a\nassert replay(a)<=1\n",
	    "a.mix:4:8: 'replay(a)<=1' is no claim" },
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

/*
 * Competence: at every moment the parts that are open are those that the curve
 * has reached, rounded up, and shares of sources without an order stay.
 */
static void
test_pace(void)
{
	static const char text[] =
	    "%mix 1\nsource a b order=len:desc len>=5 epochs<=7\nsource c d\n"
	    "phase p 1M seq=8 a:60 c:40 pace=sqrt:0.25:8\n"
	    "phase q 1M seq=8 a pace=linear:0.5:4\n"
	    "phase r 1M seq=8 a:60 c:40 pace=sqrt:0.25:8\n";
	const struct recipe_phase *ph;
	const struct recipe_source *s;
	struct recipe r;
	struct err e = { 0 };
	double t = 0, c, open, sum;
	bool right = true;
	uint32_t i, j, k;
	int rc = parse(&r, text, &e);

	OK(rc == 0 && r.nsource == 2 + 8 + 4, "paced: %s", e.msg);
	for (i = 0; i < r.nphase && right; i++) {
		ph = &r.phases[i];
		if (strncmp(ph->blend.name.p, "p@", 2) != 0)
			break;
		/* In the middle of the stage. */
		c = sqrt(.0625 + .9375 * (t + (double)ph->tokens / 2) / 1e6);
		open = ceil(c * 8);
		sum = 0;
		for (j = k = 0; j < ph->blend.n; j++) {
			if (ph->blend.v[j].source == 1) {
				right &= ratio_cmp(ph->blend.v[j].w,
					     (struct ratio){ 2, 5 }) == 0;
				continue;
			}
			s = &r.sources[ph->blend.v[j].source];
			right &= s->pick.part.p && !s->pick.order.p &&
				 s->pick.nbound == 1 && s->epochs.num == 7 &&
				 s->pick.to.num == 8 - k;
			sum += ratio_double(ph->blend.v[j].w);
			k++;
		}
		right &= k == (uint32_t)open && sum > .5999 && sum < .6001;
		t += (double)ph->tokens;
	}
	OK(right && i == 6 && t == 1e6, "... the square root's parts");
	OK(r.phases[i].tokens == 500000 && r.phases[i].blend.n == 3 &&
		r.phases[i + 1].blend.n == 4,
	    "... the line's");
	recipe_free(&r);
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
	test_rules();
	test_changes();
	test_lr();
	test_pace();
	test_errors();
	test_ratios();
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/fasttext_model.h"
#include "filter/fasttext_train.h"
#include "filter/lang_model.h"
#include "io/stream.h"
#include "../tap.h"

/*
 * tests/models: trained by fastText 0.9.2 on words about a mill; the guesses
 * are what its predict-prob prints.
 */
static const struct {
	const char *model, *text;
	struct {
		const char *label;
		double p;
	} best[3];
} cases[] = {
	{ "soft.bin", "The old mill by the river.",
	    { { "eng", 0.995142 }, { "deu", 0.00245906 },
		{ "fra", 0.00242845 } } },
	{ "soft.bin", "Die M\303\274hle mahlt den Weizen im Herbst",
	    { { "deu", 0.997105 }, { "fra", 0.00182727 },
		{ "eng", 0.00109729 } } },
	{ "soft.bin", "le moulin et le meunier",
	    { { "fra", 0.998843 }, { "deu", 0.000831545 },
		{ "eng", 0.000355792 } } },
	{ "soft.bin", "mill M\303\274hle moulin",
	    { { "eng", 0.509629 }, { "fra", 0.345865 }, { "deu", 0.144537 } } },
	{ "soft.bin", "qqq xyz",
	    { { "eng", 0.832468 }, { "deu", 0.125639 },
		{ "fra", 0.0419238 } } },
	{ "soft.bin", "__label__eng_Latn the mill",
	    { { "eng", 0.999767 }, { "deu", 0.000153516 },
		{ "fra", 0.00010909 } } },
	{ "soft.bin", "",
	    { { "eng", 0.82359 }, { "deu", 0.175332 },
		{ "fra", 0.00110792 } } },
	{ "hs.bin", "The old mill by the river.",
	    { { "eng", 0.998524 }, { "fra", 0.00132782 },
		{ "deu", 0.000168689 } } },
	{ "hs.bin", "Die M\303\274hle mahlt den Weizen im Herbst",
	    { { "deu", 0.973546 }, { "fra", 0.0259091 },
		{ "eng", 0.000584842 } } },
	{ "hs.bin", "le moulin et le meunier",
	    { { "fra", 0.927383 }, { "deu", 0.0725512 },
		{ "eng", 0.000105407 } } },
	{ "hs.bin", "mill M\303\274hle moulin",
	    { { "fra", 0.412604 }, { "deu", 0.402903 }, { "eng", 0.184529 } } },
	{ "hs.bin", "qqq xyz",
	    { { "eng", 0.970055 }, { "deu", 0.0198133 },
		{ "fra", 0.0101523 } } },
	{ "hs.bin", "__label__eng_Latn the mill",
	    { { "eng", 0.999667 }, { "deu", 0.000232206 },
		{ "fra", 0.000120647 } } },
	{ "hs.bin", "",
	    { { "eng", 0.60063 }, { "deu", 0.229471 }, { "fra", 0.169927 } } },
	{ "ova.bin", "The old mill by the river.",
	    { { "eng", 0.99495 }, { "fra", 0.00248262 },
		{ "deu", 0.00199777 } } },
	{ "ova.bin", "Die M\303\274hle mahlt den Weizen im Herbst",
	    { { "deu", 0.977724 }, { "eng", 0.0185566 },
		{ "fra", 0.00610756 } } },
	{ "ova.bin", "le moulin et le meunier",
	    { { "fra", 0.996186 }, { "deu", 0.00556492 },
		{ "eng", 0.000865901 } } },
	{ "ova.bin", "mill M\303\274hle moulin",
	    { { "fra", 0.0851091 }, { "deu", 0.0737063 },
		{ "eng", 0.0566624 } } },
	{ "ova.bin", "qqq xyz",
	    { { "fra", 0.0159164 }, { "eng", 0.00885735 },
		{ "deu", 0.00539494 } } },
	{ "ova.bin", "__label__eng_Latn the mill",
	    { { "eng", 0.999653 }, { "fra", 1e-05 }, { "deu", 1e-05 } } },
	{ "ova.bin", "",
	    { { "fra", 1e-05 }, { "deu", 1e-05 }, { "eng", 1e-05 } } },
	{ "quantised.ftz", "The old mill by the river.",
	    { { "eng", 0.999891 }, { "fra", 9.58756e-05 },
		{ "deu", 4.27545e-05 } } },
	{ "quantised.ftz", "Die M\303\274hle mahlt den Weizen im Herbst",
	    { { "deu", 0.997597 }, { "fra", 0.00224275 },
		{ "eng", 0.000190695 } } },
	{ "quantised.ftz", "le moulin et le meunier",
	    { { "fra", 0.968516 }, { "deu", 0.0314766 },
		{ "eng", 3.75957e-05 } } },
	{ "quantised.ftz", "mill M\303\274hle moulin",
	    { { "deu", 0.71647 }, { "eng", 0.158782 }, { "fra", 0.124778 } } },
	{ "quantised.ftz", "qqq xyz",
	    { { "deu", 0.951494 }, { "eng", 0.0462722 },
		{ "fra", 0.00226386 } } },
	{ "quantised.ftz", "__label__eng_Latn the mill",
	    { { "eng", 0.999959 }, { "fra", 4.05027e-05 },
		{ "deu", 3.06098e-05 } } },
	{ "quantised.ftz", "",
	    { { "eng", 0.996874 }, { "deu", 0.00314277 },
		{ "fra", 1.28176e-05 } } },
};

static const char *
model_path(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "tests/models/%s", name);
	return path;
}

static bool
alike(const struct fasttext *f, const struct fasttext_guess *g, size_t i)
{
	bool same = true;
	int k;

	for (k = 0; k < 3; k++) {
		struct str label = fasttext_label(f, g[k].label);

		same &= str_starts(label, str_c(cases[i].best[k].label)) &&
			fabs(g[k].p - cases[i].best[k].p) < 1e-5;
	}
	return same;
}

static void
guesses(void)
{
	struct fasttext_scratch s = { 0 };
	struct fasttext_guess g[4];
	struct fasttext *f;
	struct err e;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!OK(fasttext_load(&f, model_path(cases[i].model), &e) == 0,
			"%s loads", cases[i].model))
			return;
		OK(fasttext_guess(f, &s, str_c(cases[i].text), 3, g, &n, &e) ==
			    0 &&
			n == 3 && alike(f, g, i),
		    "%s: %s", cases[i].model, cases[i].text);
		fasttext_scratch_free(&s);
		fasttext_free(f);
	}
}

/* A word from the cache counts as one that is summed up anew. */
static void
cached_words(const char *name)
{
	static const char text[] = "the mill the M\303\274hle by the river the "
				   "averyverylongwordthatfitsnocachehere mill";
	struct fasttext_scratch s = { 0 };
	struct fasttext_guess a[2], b[2];
	struct fasttext *f;
	struct err e;
	size_t n, i;

	if (!OK(fasttext_load(&f, model_path(name), &e) == 0, "%s", name))
		return;
	fasttext_guess(f, &s, str_c(text), 1, a, &n, &e);
	for (i = 0; i < 3; i++)
		fasttext_guess(f, &s, str_c(text), 1, b, &n, &e);
	OK(n == 1 && a[0].label == b[0].label && !(a[0].p < b[0].p) &&
		!(a[0].p > b[0].p),
	    "%s: the same the second time, to the last bit", name);
	fasttext_scratch_free(&s);
	fasttext_free(f);
}

enum { KINDS = 21 };

/* Words of one of KINDS kinds, and some of any. */
static void
make_words(struct buf *b, uint64_t seed)
{
	uint64_t i, x, kind = seed % KINDS;

	buf_clear(b);
	for (i = 0; i < 1 + mix64(seed) % 9; i++) {
		x = mix64(seed * 16 + i);
		buf_printf(b, "%c%llu ",
		    (char)('a' + (i % 3 ? kind : x % KINDS)),
		    (unsigned long long)(x >> 32) % 9);
	}
}

static int
train(struct fasttext_train *t, bool hs, double lr, const struct fasttext **f,
    struct err *e)
{
	struct fasttext_train_opts o = { .dim = 19,
		.epochs = 30,
		.min_count = 1,
		.word_ngrams = 2,
		.minn = 1,
		.maxn = 2,
		.bucket = 500,
		.lr = lr,
		.hs = hs,
		.threads = 1 };
	struct buf text = { 0 };
	char label[2] = "a";
	uint64_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < 40 * KINDS; i++) {
		make_words(&text, i);
		label[0] = (char)('a' + i % KINDS);
		rc = fasttext_train_add(t, buf_view(&text), str_c(label), e);
	}
	buf_free(&text);
	return rc < 0 ? rc : fasttext_train_run(t, &o, f, e);
}

/* The logarithm of a label's probability, from the leaf up. */
static double
naive_leaf(const struct fasttext *f, const float *x, int32_t label)
{
	int32_t node = label, up;
	double log_p = 0, p;

	for (; (up = f->tree[node].parent) >= 0; node = up) {
		p = 1 / (1 + exp(-(double)fasttext_dot_row(
				 &f->out, up - f->nlabels, x, true)));
		p = f->tree[up].right == node ? p : 1 - p;
		log_p += log(p + 1e-5);
	}
	return log_p;
}

static double
naive_softmax(const struct fasttext *f, const float *x, int32_t label)
{
	double sum = 0, of = (double)fasttext_dot_row(&f->out, label, x, true);
	int32_t i;

	for (i = 0; i < f->nlabels; i++)
		sum += exp((double)fasttext_dot_row(&f->out, i, x, true) - of);
	return log(1 / sum + 1e-5);
}

/* The best label, or two of them that are hardly apart. */
static bool
is_best(const struct fasttext *f, const struct fasttext_scratch *s,
    const struct fasttext_guess *g)
{
	double best = -1e9, its = 0, p;
	int32_t i;

	for (i = 0; i < f->nlabels; i++) {
		p = f->loss == LOSS_HS ? naive_leaf(f, s->hidden, i)
				       : naive_softmax(f, s->hidden, i);
		best = p > best ? p : best;
		its = (size_t)i == g->label ? p : its;
	}
	return best - its < 1e-5 && fabs(fmin(exp(its), 1) - g->p) < 2e-6;
}

/* Against scores by the definition, of unsure models and very sure ones. */
static void
as_defined(bool hs, double lr)
{
	struct fasttext_train *t = fasttext_train_new();
	struct fasttext_scratch s = { 0 };
	struct fasttext_guess one[2], all[KINDS + 1];
	const struct fasttext *f;
	struct buf text = { 0 };
	struct err e;
	uint64_t i, bad = 0;
	size_t n, k;

	if (!OK(train(t, hs, lr, &f, &e) == 0, "trains"))
		return;
	for (i = 0; i < 400; i++) {
		make_words(&text, 7 * i);
		if (fasttext_guess(f, &s, buf_view(&text), 1, one, &n, &e) < 0)
			break;
		bad += n != 1 || !is_best(f, &s, one);
		fasttext_guess(f, &s, buf_view(&text), KINDS, all, &k, &e);
		bad += k != KINDS || fabs(all[0].p - one[0].p) > 1e-6;
	}
	OK(i == 400 && bad == 0, "%s, rate %g: the best label (%d wrong)",
	    hs ? "hs" : "softmax", lr, (int)bad);
	fasttext_scratch_free(&s);
	fasttext_train_free(t);
	buf_free(&text);
}

/* Every prefix of a model is refused, none is read past its end. */
static void
cut_short(const char *name)
{
	struct fasttext *f;
	struct err e;
	bool refused = true;
	char *p, *copy;
	size_t n, i;

	if (!OK(in_slurp(model_path(name), &p, &n, &e) == 0, "%s", name))
		return;
	for (i = 0; i < n; i += i < 200 ? 1 : 61) {
		copy = malloc(i + 1); /* so that a sanitizer sees the end */
		memcpy(copy, p, i);
		refused &= fasttext_parse(&f, (struct str){ copy, i }, &e) ==
			   ERR_FORMAT;
		free(copy);
	}
	OK(refused, "%s cut short is refused", name);
	free(p);
}

static void
languages(void)
{
	struct fasttext_scratch s = { 0 };
	struct fasttext *f;
	struct lang l;
	struct err e;

	if (!OK(fasttext_load(&f, model_path("soft.bin"), &e) == 0, "loads"))
		return;
	OK(lang_model_check(f, &e) == 0, "its labels are languages");
	OK(lang_model_known(f, str_c("de")) &&
		!lang_model_known(f, str_c("it")),
	    "codes it knows");
	OK(lang_model_guess(f, &s, str_c("die Weizen mahlt"), &l, &e) == 0 &&
		strcmp(l.code, "de") == 0 && l.reliable,
	    "deu_Latn is de");
	fasttext_free(f);
	fasttext_scratch_free(&s);
}

int
main(void)
{
	cached_words("soft.bin");
	cached_words("quantised.ftz");
	guesses();
	as_defined(true, 0.05);
	as_defined(true, 1);
	as_defined(false, 0.05);
	as_defined(false, 0.5);
	cut_short("soft.bin");
	cut_short("hs.bin");
	cut_short("quantised.ftz");
	languages();
	return tap_end();
}

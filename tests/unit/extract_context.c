/* SPDX-License-Identifier: MIT */
/* What odds say of a block's surroundings, against counting the slow way. */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "extract/context.h"
#include "extract/forest.h"
#include "extract/html.h"

enum { PAGES = 60, WEIGH = 2, FAR_AWAY = 1 << 20 };

static struct html *html;
static struct page page;
static struct rules rules;
static struct features features;
static struct context context;
static int32_t odds[1000], score[1000];

/* Teasers and articles, nested, classes that repeat. */
static void
make_page(struct buf *b, uint64_t seed)
{
	size_t i, n = mix64(seed) % 120;

	buf_clear(b);
	buf_puts(b, "<body><h1>Mill</h1>");
	for (i = 0; i < n; i++) {
		uint64_t x = mix64(seed * 1000 + i);

		if (x & 1)
			buf_printf(b,
			    "<div class=c%u><h3><a href=x>Mill</a></h3>"
			    "<p>It grinds %u.</div>",
			    (unsigned)(x >> 4) % 3, (unsigned)(x >> 8) % 20);
		else
			buf_printf(b, x & 2 ? "<p>Corn %u" : "</div><li>Hay %u",
			    (unsigned)(x >> 8) % 5000);
	}
}

static void
look(struct buf *b, uint64_t seed)
{
	struct err e;
	size_t i;

	make_page(b, seed);
	if (html_parse(html, buf_view(b), &page, &e) < 0 ||
	    rules_apply(&rules, &page, SELECT_BALANCED, &e) < 0 ||
	    features_begin(&features, &page, &rules, &e) < 0)
		abort();
	for (i = 0; i < page.nblock; i++) {
		odds[i] = (int32_t)(mix64(seed ^ i << 20) % (12 * FOREST_ONE)) -
			  6 * FOREST_ONE;
		score[i] = forest_probability(odds[i]);
	}
	if (context_begin(&context, &page, &features, odds, &e) < 0)
		abort();
}

/* The mean probability of blocks k for which in[k] is set. */
static int32_t
mean_of(const bool *in)
{
	uint64_t n = 0, hits = 0;
	size_t k;

	for (k = 0; k < page.nblock; k++) {
		uint64_t w = in[k] ? page.block[k].n + WEIGH : 0;

		n += w;
		hits += w * (uint64_t)score[k];
	}
	return n ? (int32_t)(hits / n) : 0;
}

static bool
same_path(uint32_t a, uint32_t b)
{
	int k;

	for (k = 0; k < 4; k++) {
		const struct elem *x = &page.elem[a], *y = &page.elem[b];

		if (x->tag != y->tag || x->name != y->name ||
		    (x->parent == NO_ELEM) != (y->parent == NO_ELEM))
			return false;
		if (x->parent == NO_ELEM)
			return true;
		a = x->parent;
		b = y->parent;
	}
	return true;
}

static bool
alike(size_t i, size_t k, int how)
{
	uint32_t a = page.block[i].elem, b = page.block[k].elem;

	if (how == 0)
		return features.elem[a].in == features.elem[b].in &&
		       page.elem[a].tag == page.elem[b].tag &&
		       page.elem[a].depth == page.elem[b].depth;
	if (how == 1)
		return features.elem[a].out == features.elem[b].out;
	return same_path(a, b);
}

static int
wrong_groups(size_t i, const int32_t *row)
{
	bool in[1000];
	int how, count, bad = 0;
	size_t k;

	for (how = 0; how < CONTEXT_GROUPS; how++) {
		count = 0;
		for (k = 0; k < page.nblock; k++)
			count += in[k] = alike(i, k, how);
		bad += row[C_GROUP + 2 * how] != mean_of(in);
		bad += row[C_GROUP + 2 * how + 1] != count;
	}
	return bad;
}

static int
wrong_levels(size_t i, const int32_t *row)
{
	uint32_t e = page.block[i].elem;
	bool in[1000];
	int level, bad = 0;
	size_t k;

	for (level = 0; level < FEATURE_LEVELS; level++) {
		for (k = 0; k < page.nblock; k++) {
			uint32_t up = page.block[k].elem;

			while (up != e && page.elem[up].parent != NO_ELEM)
				up = page.elem[up].parent;
			in[k] = up == e;
		}
		bad += row[C_LEVEL + level] != mean_of(in);
		if (page.elem[e].parent != NO_ELEM)
			e = page.elem[e].parent;
	}
	return bad;
}

static int
wrong_windows(size_t i, const int32_t *row)
{
	static const size_t reach[] = { 2, 5, 12, 30 };
	bool in[1000];
	size_t w, k;
	int bad = 0;

	for (w = 0; w < 4; w++) {
		for (k = 0; k < page.nblock; k++)
			in[k] = k + reach[w] >= i && k <= i + reach[w];
		bad += row[C_WINDOW + w] != mean_of(in);
	}
	for (k = 1; k <= 3; k++) {
		bad += row[C_BEFORE + k - 1] !=
		       (i >= k ? odds[i - k] : -9 * FOREST_ONE);
		bad += row[C_BEHIND + k - 1] !=
		       (i + k < page.nblock ? odds[i + k] : -9 * FOREST_ONE);
	}
	return bad;
}

/* Blocks to the nearest sure one in one direction. */
static int32_t
to_sure(size_t i, int step)
{
	long k = (long)i;

	for (; k >= 0 && k < (long)page.nblock; k += step)
		if (score[k] > FOREST_ONE * 4 / 5)
			return (int32_t)labs(k - (long)i);
	return FAR_AWAY;
}

/* What holds of the page as a whole. */
static int
wrong_page(const int32_t *row)
{
	int32_t top = 0;
	bool in[1000];
	size_t k;

	for (k = 0; k < page.nblock; k++) {
		in[k] = true;
		top = score[k] > top ? score[k] : top;
	}
	return (row[C_TOP] != top) + (row[C_SHARE] != mean_of(in)) +
	       (row[C_F1] != (int32_t)context_f1(&page, score));
}

static int
wrong_rows(void)
{
	int32_t row[CONTEXT_FEATURES];
	size_t i;
	int bad = 0;

	for (i = 0; i < page.nblock; i++) {
		context_row(&context, &page, i, row);
		bad += row[C_ODDS] != odds[i];
		bad += row[C_SINCE] != to_sure(i, -1);
		bad += row[C_TO] != to_sure(i, 1);
		bad += wrong_windows(i, row) + wrong_groups(i, row) +
		       wrong_levels(i, row) + wrong_page(row);
	}
	return bad;
}

/* By every cut, in floating point; bins make it a little coarser. */
static double
best_f1(void)
{
	double best = 0, all = 0;
	size_t i, k;

	for (i = 0; i < page.nblock; i++)
		all += (page.block[i].n + 2.0) * score[i] / FOREST_ONE;
	for (i = 0; i < page.nblock; i++) {
		double right = 0, kept = 0;

		for (k = 0; k < page.nblock; k++) {
			double n =
			    score[k] >= score[i] ? page.block[k].n + 2.0 : 0;
			kept += n;
			right += n * score[k] / FOREST_ONE;
		}
		best = 2 * right / (kept + all) > best
			   ? 2 * right / (kept + all)
			   : best;
	}
	return best;
}

static double
f1_error(void)
{
	double got = (double)context_f1(&page, score) / FOREST_ONE;
	double want = best_f1();

	return got > want ? got - want : want - got;
}

int
main(void)
{
	struct buf b = { 0 };
	int bad = 0, blocks = 0;
	double worst = 0;
	uint64_t seed;

	html = html_new();
	html_init();
	for (seed = 1; seed <= PAGES; seed++) {
		look(&b, seed);
		blocks += (int)page.nblock;
		bad += wrong_rows();
		worst = f1_error() > worst ? f1_error() : worst;
	}
	OK(blocks > 1000, "%d blocks", blocks);
	OK(bad == 0, "%d numbers differ from counting", bad);
	OK(worst < .02, "the expected F1 is off by %.4f", worst);
	context_free(&context);
	features_free(&features);
	rules_free(&rules);
	page_free(&page);
	html_free(html);
	buf_free(&b);
	return tap_end();
}

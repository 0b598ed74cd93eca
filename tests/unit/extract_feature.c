/* SPDX-License-Identifier: MIT */
/* What is known of a block, against counting it the slow way. */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "extract/feature.h"
#include "extract/html.h"

static struct html *html;
static struct page page;
static struct rules rules;
static struct features features;

static void
look(const struct buf *b)
{
	struct err e;

	if (html_parse(html, buf_view(b), &page, &e) < 0 ||
	    rules_apply(&rules, &page, SELECT_BALANCED, &e) < 0 ||
	    features_begin(&features, &page, &rules, &e) < 0)
		abort();
}

/* Paragraphs and items, of which many say the same. */
static void
make_page(struct buf *b, uint64_t seed)
{
	size_t i, n = 1 + mix64(seed) % 300;

	buf_clear(b);
	buf_puts(b, "<title>Mill 1</title><body>");
	for (i = 0; i < n; i++) {
		uint64_t x = mix64(seed * 1000 + i);

		buf_printf(b,
		    x & 1 ? "<p>Mill %u <a href=x>turns</a></p>"
			  : "<li>Mill %u",
		    (unsigned)(x >> 8) % 20);
	}
}

/* Blocks of block i's text: all, and those before it. */
static void
count_copies(size_t i, int32_t *same, int32_t *before)
{
	struct str s = page_text(&page, &page.block[i]);
	size_t k;

	*same = *before = 0;
	for (k = 0; k < page.nblock; k++) {
		if (!str_eq(page_text(&page, &page.block[k]), s))
			continue;
		*same += 1;
		*before += k < i;
	}
}

static bool
copies_are_right(void)
{
	int32_t row[FEATURES], same, before;
	size_t i;

	for (i = 0; i < page.nblock; i++) {
		features_row(&features, &page, &rules, i, row);
		count_copies(i, &same, &before);
		if (row[F_SAME] != same || row[F_COPY] != before)
			return false;
	}
	return page.nblock > 0;
}

static void
copies(void)
{
	struct buf b = { 0 };
	bool right = true;
	uint64_t seed;

	for (seed = 1; seed <= 40; seed++) {
		make_page(&b, seed);
		look(&b);
		right &= copies_are_right();
	}
	OK(right, "copies of a text are counted, and those before a block");
	buf_free(&b);
}

int
main(void)
{
	html_init();
	html = html_new();
	copies();
	html_free(html);
	page_free(&page);
	rules_free(&rules);
	features_free(&features);
	return tap_end();
}

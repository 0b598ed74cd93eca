/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as a page: it becomes text, which is UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "extract/html.h"
#include "extract/render.h"
#include "extract/select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_blocks(const struct page *p)
{
	size_t i, at = 0;

	for (i = 0; i < p->nblock; i++) {
		const struct block *b = &p->block[i];

		if (b->at < at || b->at + b->n > p->text.n || b->n == 0 ||
		    b->link > b->n || b->elem >= p->nelem)
			abort();
		at = b->at + b->n;
	}
	for (i = 0; i < p->nelem; i++)
		if (p->elem[i].first > p->elem[i].last ||
		    p->elem[i].last > p->nblock ||
		    (i && p->elem[i].parent >= i))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct html *h;
	static struct page p;
	static struct select choice;
	struct str s = { (const char *)data, n };
	struct buf out = { 0 };
	struct err e;
	int mode;

	if (!h) {
		html_init();
		h = html_new();
	}
	p.want_links = true;
	s.n = utf8_valid_prefix(s);
	if (html_parse(h, s, &p, &e) < 0)
		abort();
	check_blocks(&p);
	for (mode = SELECT_BALANCED; mode <= SELECT_RECALL; mode++) {
		if (select_main(&choice, &p, (enum select_mode)mode, &e) < 0)
			abort();
		buf_clear(&out);
		render_text(&p, choice.keep, &out);
		if (!utf8_valid(buf_view(&out)) || (p.nblock && !out.n))
			abort();
		buf_clear(&out);
		render_markdown(&p, choice.keep, &out);
		if (!utf8_valid(buf_view(&out)) || (p.nblock && !out.n))
			abort();
	}
	buf_free(&out);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Pages to text on one core, charset included: pages and bytes a second, for
 * all pages and by quartile of their size.  The pages are the HTML files
 * named, or else made up here.  Gate: >= 80 MB/s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/hash.h"
#include "extract/charset.h"
#include "extract/html.h"
#include "extract/render.h"
#include "extract/select.h"
#include "io/stream.h"

enum { PAGES = 400, QUARTILES = 4 };

struct pages {
	struct str *v;
	size_t n;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A page of navigation, paragraphs, lists and scripts. */
static void
make_page(struct buf *b, uint64_t *seed)
{
	size_t i, n = 10 + mix64(++*seed) % 200;

	buf_puts(b, "<!doctype html><html><head><title>Mill</title><script>");
	for (i = 0; i < 40 * n; i++)
		buf_printf(b, "var x%zu = \"<p>no</p>\";\n", i);
	buf_puts(b, "</script></head><body class=\"home page\"><nav><ul>");
	for (i = 0; i < n; i++)
		buf_printf(b,
		    "<li class=\"menu-item item-%zu\"><a href=\"/p/%zu\">Place "
		    "%zu</a></li>",
		    i, i, i);
	buf_puts(b, "</ul></nav><div class=\"content\"><article>");
	for (i = 0; i < n; i++)
		buf_printf(b,
		    "<p class=\"text\" style=\"margin: 0\">In year %zu the "
		    "<b>wheel</b> was repaired, since the river, which is "
		    "short of water in summer, had taken its <a href=\"/b\">"
		    "boards</a> away once more.</p>\n",
		    i);
	buf_puts(b, "</article></div><footer>All rights reserved</footer>");
}

static int
load(struct pages *p, int n, char **paths, struct err *e)
{
	struct buf b;
	uint64_t seed = 0;
	char *text;

	p->v = calloc((size_t)(n ? n : PAGES), sizeof(*p->v));
	if (!p->v)
		return err_nomem(e, "pages");
	for (; p->n < (size_t)(n ? n : PAGES); p->n++) {
		struct str *s = &p->v[p->n];

		b = (struct buf){ 0 };
		if (!n) {
			make_page(&b, &seed);
			*s = buf_view(&b);
		} else if (in_slurp(paths[p->n], &text, &s->n, e) < 0) {
			return e->code;
		} else {
			s->p = text;
		}
	}
	return 0;
}

struct machine {
	struct charset *cs;
	struct html *html;
	struct page page;
	struct select select;
	struct buf utf8, out;
};

static int
one(struct machine *m, struct str raw, struct err *e)
{
	struct str text;
	const char *name;

	if (charset_decode(m->cs, raw, (struct str){ NULL, 0 }, true, &m->utf8,
		&text, &name, e) < 0 ||
	    html_parse(m->html, text, &m->page, e) < 0 ||
	    select_main(&m->select, &m->page, SELECT_BALANCED, e) < 0)
		return e->code;
	buf_clear(&m->out);
	render_text(&m->page, m->select.keep, &m->out);
	return buf_ok(&m->out, e);
}

static int
by_size(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return x->n < y->n ? -1 : x->n > y->n;
}

/* Pages [from, to): pages/s and MB/s. */
static int
measure(struct machine *m, const struct pages *p, size_t from, size_t to,
    const char *what, struct err *e)
{
	double bytes = 0, s = now();
	size_t i;

	for (i = from; i < to; i++) {
		bytes += (double)p->v[i].n;
		if (one(m, p->v[i], e) < 0)
			return e->code;
	}
	s = now() - s;
	printf("extract %-12s %6zu pages %8.1f kB each %8.0f pages/s %7.1f "
	       "MB/s\n",
	    what, to - from, bytes / 1e3 / (double)(to - from),
	    (double)(to - from) / s, bytes / 1e6 / s);
	return 0;
}

static int
run(struct machine *m, struct pages *p, struct err *e)
{
	char what[32];
	size_t q;

	qsort(p->v, p->n, sizeof(*p->v), by_size);
	if (measure(m, p, 0, p->n, "all", e) < 0)
		return e->code;
	for (q = 0; q < QUARTILES && p->n >= QUARTILES; q++) {
		snprintf(what, sizeof(what), "quartile %zu", q + 1);
		if (measure(m, p, p->n * q / QUARTILES,
			p->n * (q + 1) / QUARTILES, what, e) < 0)
			return e->code;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct machine m = { .cs = charset_new(), .html = html_new() };
	struct pages p = { 0 };
	struct err e = { 0 };
	size_t i;
	int rc;

	html_init();
	rc = m.cs && m.html ? load(&p, argc - 1, argv + 1, &e)
			    : err_nomem(&e, "a parser");
	if (rc == 0)
		rc = run(&m, &p, &e);
	if (rc < 0)
		fprintf(stderr, "extract: %s\n", e.msg);
	for (i = 0; i < p.n; i++)
		free((char *)(uintptr_t)p.v[i].p);
	free(p.v);
	charset_free(m.cs);
	html_free(m.html);
	page_free(&m.page);
	select_free(&m.select);
	buf_free(&m.utf8);
	buf_free(&m.out);
	return rc < 0;
}

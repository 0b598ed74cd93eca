/* SPDX-License-Identifier: MIT */
/*
 * What extract's forests are grown on: of each HTML file named, each block's
 * features and text.  Prints nothing when no file is named.  For each page
 *
 *	int32: length of the path, the path, int32: blocks, int32: FEATURES
 *	of each block: int32 x FEATURES, int32: length of the text, the text
 *
 * in this machine's byte order.  tests/bench/extract_grow.py reads it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "extract/charset.h"
#include "extract/html.h"
#include "extract/select.h"
#include "io/stream.h"

static void
put_number(size_t n)
{
	int32_t v = (int32_t)n;

	fwrite(&v, sizeof(v), 1, stdout);
}

static int
put_page(
    const char *path, const struct page *p, struct select *s, struct err *e)
{
	int32_t row[FEATURES];
	size_t i;

	if (rules_apply(&s->rules, p, SELECT_BALANCED, e) < 0 ||
	    features_begin(&s->features, p, &s->rules, e) < 0)
		return e->code;
	put_number(strlen(path));
	fputs(path, stdout);
	put_number(p->nblock);
	put_number(FEATURES);
	for (i = 0; i < p->nblock; i++) {
		features_row(&s->features, p, &s->rules, i, row);
		fwrite(row, sizeof(row), 1, stdout);
		put_number(p->block[i].n);
		fwrite(p->text.p + p->block[i].at, 1, p->block[i].n, stdout);
	}
	return 0;
}

static int
read_all(const char *path, struct buf *b, struct err *e)
{
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;

	buf_clear(b);
	if (!f)
		return err_set(e, ERR_IO, "%s: can't be opened", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(b, chunk, n);
	fclose(f);
	return buf_ok(b, e);
}

static int
all_pages(char **paths, struct html *html, struct charset *cs, struct err *e)
{
	struct buf raw = { 0 }, utf8 = { 0 };
	struct page page = { 0 };
	struct select s = { 0 };
	struct str text;
	const char *name;
	int rc = 0;

	for (; rc == 0 && *paths; paths++) {
		rc = read_all(*paths, &raw, e);
		if (rc == 0)
			rc = charset_decode(cs, buf_view(&raw),
			    (struct str){ NULL, 0 }, true, &utf8, &text, &name,
			    e);
		if (rc == 0)
			rc = html_parse(html, text, &page, e);
		if (rc == 0 && page.nblock)
			rc = put_page(*paths, &page, &s, e);
	}
	page_free(&page);
	select_free(&s);
	buf_free(&raw);
	buf_free(&utf8);
	return rc;
}

int
main(int argc, char **argv)
{
	struct html *html = html_new();
	struct charset *cs = charset_new();
	struct err e = { 0 };
	int rc = 0;

	(void)argc;
	html_init();
	if (html && cs)
		rc = all_pages(argv + 1, html, cs, &e);
	html_free(html);
	charset_free(cs);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.msg);
	return rc < 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What extract's forests are grown on.
 *
 * usage: extract_features PAGE...
 *	  extract_features --context ODDS PAGE...
 *
 * Of each HTML file named, each block's features and text; or what the odds
 * of all blocks say of its surroundings (context.h), where ODDS holds an int32
 * for each block of each page.  Prints nothing when no file is named.  A page:
 *
 *	int32: length of the path, the path, int32: blocks, int32: columns
 *	of each block: int32 x columns, int32: length of the text, the text
 *
 * in this machine's byte order; with --context no text.
 * tests/bench/extract_grow.py reads it.
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

static void
put_head(const char *path, const struct page *p, size_t columns)
{
	put_number(strlen(path));
	fputs(path, stdout);
	put_number(p->nblock);
	put_number(columns);
}

static void
put_features(const struct page *p, const struct select *s)
{
	int32_t row[FEATURES];
	size_t i;

	for (i = 0; i < p->nblock; i++) {
		features_row(&s->features, p, &s->rules, i, row);
		fwrite(row, sizeof(row), 1, stdout);
		put_number(p->block[i].n);
		fwrite(p->text.p + p->block[i].at, 1, p->block[i].n, stdout);
	}
}

/* odds: where the page's begin; moved on behind them. */
static int
put_context(
    const struct page *p, struct select *s, struct str *odds, struct err *e)
{
	int32_t row[CONTEXT_FEATURES], *mine;
	size_t i, n = p->nblock * sizeof(*mine);
	int rc;

	if (odds->n < n)
		return err_set(e, ERR_DAMAGE, "ODDS has too few numbers");
	mine = malloc(n);
	if (!mine)
		return err_nomem(e, "odds");
	memcpy(mine, odds->p, n);
	*odds = (struct str){ odds->p + n, odds->n - n };
	rc = context_begin(&s->context, p, &s->features, mine, e);
	for (i = 0; rc == 0 && i < p->nblock; i++) {
		context_row(&s->context, p, i, row);
		fwrite(row, sizeof(row), 1, stdout);
		put_number(0);
	}
	free(mine);
	return rc;
}

/* odds->p: NULL without --context. */
static int
put_page(const char *path, const struct page *p, struct select *s,
    struct str *odds, struct err *e)
{
	if (rules_apply(&s->rules, p, SELECT_BALANCED, e) < 0 ||
	    features_begin(&s->features, p, &s->rules, e) < 0)
		return e->code;
	put_head(path, p, odds->p ? CONTEXT_FEATURES : FEATURES);
	if (odds->p)
		return put_context(p, s, odds, e);
	put_features(p, s);
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
all_pages(char **paths, struct str odds, struct html *html, struct charset *cs,
    struct err *e)
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
			rc = put_page(*paths, &page, &s, &odds, e);
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
	bool context = argc > 2 && strcmp(argv[1], "--context") == 0;
	struct html *html = html_new();
	struct charset *cs = charset_new();
	struct buf odds = { 0 };
	struct err e = { 0 };
	int rc = html && cs ? 0 : -1;

	html_init();
	if (rc == 0 && context)
		rc = read_all(argv[2], &odds, &e);
	if (rc == 0)
		rc = all_pages(argv + (context ? 3 : 1),
		    context ? buf_view(&odds) : (struct str){ NULL, 0 }, html,
		    cs, &e);
	buf_free(&odds);
	html_free(html);
	charset_free(cs);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.msg);
	return rc < 0;
}

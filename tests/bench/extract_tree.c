/* SPDX-License-Identifier: MIT */
/*
 * The HTML reader's elements and text, for tests/parity/html_tree.py: of each
 * page named a line "page PATH", then in document order "open TAG PARENT",
 * where PARENT is the number of the element it stands in, and "text ELEMENT
 * TEXT".
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "extract/charset.h"
#include "extract/html.h"
#include "io/stream.h"

static const char *const names[TAG_COUNT] = { "root",
#define X(name, flags) #name,
	HTML_TAGS(X)
#undef X
};

static void
put_text(const struct page *p, const struct block *b)
{
	struct str s = page_text(p, b);
	size_t i;

	printf("text %u ", b->elem);
	for (i = 0; i < s.n; i++)
		putchar(s.p[i] == '\n' ? ' ' : s.p[i]);
	putchar('\n');
}

static void
show(const struct page *p)
{
	size_t i, k = 0;

	for (i = 0; i < p->nelem; i++) {
		for (; k < p->elem[i].first; k++)
			put_text(p, &p->block[k]);
		printf("open %s %d\n", names[p->elem[i].tag],
		    p->elem[i].parent == NO_ELEM ? -1 : (int)p->elem[i].parent);
	}
	for (; k < p->nblock; k++)
		put_text(p, &p->block[k]);
}

static int
one(struct html *h, struct charset *c, const char *path, struct err *e)
{
	static struct page page;
	struct buf utf8 = { 0 };
	struct str s;
	const char *name;
	char *raw;
	size_t n;
	int rc;

	if (in_slurp(path, &raw, &n, e) < 0)
		return e->code;
	rc = charset_decode(c, (struct str){ raw, n }, (struct str){ NULL, 0 },
	    true, &utf8, &s, &name, e);
	if (rc == 0)
		rc = html_parse(h, s, &page, e);
	printf("page %s\n", path);
	if (rc == 0)
		show(&page);
	free(raw);
	buf_free(&utf8);
	return rc;
}

int
main(int argc, char **argv)
{
	struct html *h = html_new();
	struct charset *c = charset_new();
	struct err e = { 0 };
	int i, rc = h && c ? 0 : err_nomem(&e, "a parser");

	html_init();
	for (i = 1; i < argc && rc == 0; i++)
		rc = one(h, c, argv[i], &e);
	if (rc < 0)
		fprintf(stderr, "extract_tree: %s\n", e.msg);
	html_free(h);
	charset_free(c);
	return rc < 0;
}

/* SPDX-License-Identifier: MIT */
#include <libxml/HTMLparser.h>
#include <stdlib.h>

#include "base/err.h"
#include "extract/builder.h"
#include "extract/jsonld.h"
#include "extract/scrub.h"
#include "extract/words.h"

struct html {
	struct buf clean;
	struct builder build;
	struct class_cache classes;
};

void
html_init(void)
{
	xmlInitParser();
	tags_init();
	class_init();
	words_init();
}

void
html_done(void)
{
	xmlCleanupParser();
}

struct html *
html_new(void)
{
	struct html *h = calloc(1, sizeof(*h));

	if (h)
		h->build.classes = &h->classes;
	return h;
}

void
html_free(struct html *h)
{
	if (!h)
		return;
	buf_free(&h->clean);
	builder_free(&h->build);
	free(h);
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	html_open(ctx, (const char *)name, (const char *const *)atts);
}

static void
on_end(void *ctx, const xmlChar *name)
{
	(void)name;
	html_close(ctx);
}

static void
on_text(void *ctx, const xmlChar *s, int n)
{
	html_text(ctx, (const char *)s, (size_t)n);
}

/* Script and style that slipped through. */
static void
on_cdata(void *ctx, const xmlChar *s, int n)
{
	(void)ctx;
	(void)s;
	(void)n;
}

static int
parse(struct html *h, struct err *e)
{
	htmlParserCtxtPtr x = htmlNewParserCtxt();
	xmlSAXHandler sax = { .startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_cdata };

	if (!x)
		return err_nomem(e, "the HTML parser");
	*x->sax = sax;
	x->userData = &h->build;
	htmlCtxtReadMemory(x, h->clean.p, (int)h->clean.n, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
		HTML_PARSE_NONET | HTML_PARSE_COMPACT);
	htmlFreeParserCtxt(x);
	return h->build.oom ? err_nomem(e, "a page") : 0;
}

int
html_parse(struct html *h, struct str s, struct page *p, struct err *e)
{
	struct scrub_found found = { .links = p->want_links };
	size_t i;
	int rc = 0;

	buf_clear(&h->clean);
	builder_begin(&h->build, p);
	if (s.n > INT32_MAX / 2)
		s.n = INT32_MAX / 2;
	if (scrub(s, &h->clean, &found, e) < 0)
		return e->code;
	if (h->clean.n)
		rc = parse(h, e);
	builder_end(&h->build);
	for (i = 0; i < found.n; i++)
		jsonld_read(found.ld[i], p);
	return rc < 0 ? rc : page_end(p, e);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/entity.h"
#include "extract/forest.h"
#include "extract/html_read.h"
#include "extract/jsonld.h"
#include "extract/words.h"

struct html {
	struct html_reader reader;
	struct class_cache classes;
};

void
html_init(void)
{
	tags_init();
	class_init();
	words_init();
	entity_init();
	forest_init();
}

struct html *
html_new(void)
{
	struct html *h = calloc(1, sizeof(*h));

	if (h)
		h->reader.build.classes = &h->classes;
	return h;
}

void
html_free(struct html *h)
{
	size_t i;

	if (!h)
		return;
	for (i = 0; i < ATT_COUNT; i++)
		buf_free(&h->reader.value[i]);
	builder_free(&h->reader.build);
	free(h);
}

int
html_parse(struct html *h, struct str s, struct page *p, struct err *e)
{
	struct html_reader *r = &h->reader;
	size_t i;

	builder_begin(&r->build, p);
	if (s.n > INT32_MAX / 2)
		s.n = INT32_MAX / 2;
	html_read(r, s);
	builder_end(&r->build);
	for (i = 0; i < r->nld; i++)
		jsonld_read(r->ld[i], p);
	return r->build.oom ? err_nomem(e, "a page") : page_end(p, e);
}

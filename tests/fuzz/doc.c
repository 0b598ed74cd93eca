/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a record: refused, or written back the same, or edited so that
 * it parses again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
parse(struct doc_parser *p, struct arena *a, struct doc *d, const void *line,
    size_t n, char **copy)
{
	struct err e;

	*copy = calloc(1, n + DOC_PADDING);
	memcpy(*copy, line, n);
	*d = (struct doc){ .line = { *copy, n }, .file = "f", .arena = a };
	return doc_parse(p, d, &e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct doc_parser *p = doc_parser_new();
	struct arena a = { 0 };
	struct buf out = { 0 };
	char *copy, *again;
	struct doc d;
	struct err e;

	if (parse(p, &a, &d, data, n, &copy) == 0) {
		if (doc_write(&d, &out, &e) < 0 ||
		    (d.has_id && memcmp(out.p, data, n) != 0))
			abort();
		buf_clear(&out);
		doc_set_str(&d, "k", STR("v"));
		doc_set_text(&d, STR("t"));
		if (doc_write(&d, &out, &e) < 0 ||
		    parse(p, &a, &d, out.p, out.n - 1, &again) < 0 ||
		    !str_eq(d.text, STR("t")) ||
		    !str_eq(json_str(doc_meta(&d, "k")), STR("v")))
			abort();
		free(again);
	}
	free(copy);
	buf_free(&out);
	arena_free(&a);
	doc_parser_free(p);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_CORPUS_H
#define TESTS_FUZZ_CORPUS_H

/* One item of a corpus: what comes out is UTF-8, bounded, and a member list. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "extract/charset.h"
#include "extract/corpus.h"
#include "extract/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void
fuzz_corpus(
    enum corpus_kind kind, struct str s, struct str extra, const char *path)
{
	enum { MAX_BODY = 1 << 20 };
	static struct corpus c;
	static struct corpus_doc d;
	struct corpus_item it = { .kind = kind,
		.file = STR("dump.7z"),
		.path = str_c(path),
		.text = s,
		.extra = extra };
	struct err e;
	int markdown;

	if (!c.html) {
		html_init();
		c.html = html_new();
		c.charset = charset_new();
		c.max_body = MAX_BODY;
	}
	if (kind != CORPUS_EPUB)
		it.text.n = utf8_valid_prefix(s);
	for (markdown = 0; markdown < 2; markdown++) {
		c.markdown = c.links = markdown;
		if (corpus_read(&c, &it, &d, &e) < 0)
			abort();
		if (!d.rule && (!d.text.n || !utf8_valid(buf_view(&d.text))))
			abort();
		if (d.text.n > 8 * s.n + 8 * extra.n + MAX_BODY ||
		    !utf8_valid(buf_view(&d.meta)) ||
		    (d.meta.n && d.meta.p[d.meta.n - 1] != ','))
			abort();
	}
}

#endif

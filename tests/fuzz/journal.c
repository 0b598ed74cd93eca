/* SPDX-License-Identifier: MIT */
/* Journals: as they are, and with chains that hold. */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "mix/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char digest[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* Steps never fall, whatever is read. */
static int
take(void *ctx, const struct journal_line *l, struct err *e)
{
	uint64_t *last = ctx;

	(void)e;
	if (l->step < *last ||
	    (l->changes && json_count(json_get(l->root, "shares")) > 1 << 20))
		abort();
	*last = l->step;
	return 0;
}

static void
parse(const char *p, size_t n)
{
	uint64_t last = 0;
	struct err e;

	(void)journal_parse("fuzz.jsonl", p, n, digest, take, &last, &e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n, *eol;
	uint64_t chain = 0;
	struct buf b = { 0 };
	size_t from;

	parse(p, n);
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol ? eol : end;
		from = b.n;
		buf_put(&b, p, (size_t)(eol - p));
		chain = journal_chain(b.p + from, b.n - from, chain);
		buf_printf(&b, ",\"chain\":\"%016" PRIx64 "\"}\n", chain);
	}
	if (!b.oom)
		parse(b.p, b.n);
	buf_free(&b);
	return 0;
}

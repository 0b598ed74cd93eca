/* SPDX-License-Identifier: MIT */
/* Any bytes as an archive or a dump: reading ends, within the limits. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "extract/entries.h"
#include "extract/window.h"
#include "io/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static ptrdiff_t
from_memory(void *ctx, void *p, size_t n, struct err *e)
{
	struct str *s = ctx;

	(void)e;
	n = n < s->n ? n : s->n;
	if (n)
		memcpy(p, s->p, n);
	s->p += n;
	s->n -= n;
	return (ptrdiff_t)n;
}

static void
read_all(struct entries *en)
{
	uint64_t records = 0, numbers = 0;
	struct source_rec r;
	struct err e;
	int rc;

	for (;;) {
		r = (struct source_rec){ .file = "-" };
		rc = entries_next(en, &r, &e);
		if (rc < 0)
			abort();
		if (rc == 0)
			break;
		numbers += r.number;
		records++;
		if (r.raw.n > 2 << 20 || (r.kind == SOURCE_DAMAGE && !r.what))
			abort();
		/* One bomb may hold many entries. */
		if (records > 100000)
			return;
	}
	/* Each number once, if not in order: TeX files wait for others. */
	if (numbers != records * (records - (records > 0)) / 2)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *names[] = { "-" };
	static const struct extract_opts opts = {
		.from = FROM_ARCHIVE, .max_record = 1 << 20, .max_body = 1 << 20
	};
	struct paths paths = { names, 1 };
	struct str s = { (const char *)data, n };
	struct entries *en;
	struct window win;
	struct in *in;
	struct err e;

	if (in_open_from(&in, (struct in_reader){ from_memory, &s }, "-", &e) <
	    0)
		abort();
	window_init(&win, in);
	if (entries_open(&en, &paths, "-", in, &win, &opts, &e) < 0) {
		if (e.code != ERR_DAMAGE)
			abort();
		return 0;
	}
	read_all(en);
	entries_close(en);
	return 0;
}

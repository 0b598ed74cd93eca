/* SPDX-License-Identifier: MIT */
/* Any JSON as statistics: refused with a reason, or written as it was read. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "report/stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was read from json, written again. */
static int
again(struct str json, struct buf *out)
{
	struct stats s = { .limit = 1 << 20 };
	struct err e = { 0 };
	struct json *j;
	int rc = json_parse(&j, json.p, json.n, &e);

	if (rc == 0) {
		rc = stats_read(&s, json_root(j), &e);
		if (rc == 0 && stats_json(&s, out, &e) < 0)
			abort();
		json_free(j);
	}
	if (rc < 0 && !e.msg[0])
		abort();
	stats_free(&s);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf once = { 0 }, twice = { 0 };

	if (again((struct str){ (const char *)data, n }, &once) == 0 &&
	    (again(buf_view(&once), &twice) < 0 ||
		!str_eq(buf_view(&once), buf_view(&twice))))
		abort();
	buf_free(&once);
	buf_free(&twice);
	return 0;
}

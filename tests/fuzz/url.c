/* SPDX-License-Identifier: MIT */
/* Any bytes as a URL: its canonical form is three times as long at most. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */
	struct buf out = { 0 };
	struct err e;

	if (n)
		memcpy(copy, data, n);
	if (url_canonical((struct str){ copy, n }, &out, &e) < 0)
		abort();
	if (out.n > 3 * n)
		abort();
	buf_free(&out);
	free(copy);
	return 0;
}

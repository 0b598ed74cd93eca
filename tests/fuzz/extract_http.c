/* SPDX-License-Identifier: MIT */
/* Any bytes as an HTTP message: decoding ends within the limit. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "extract/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint64_t limits[] = { 1 << 20, 7 };
	struct http_scratch s = { 0 };
	struct http_body b;
	struct http h;
	struct err e;
	size_t i;

	http_parse(&h, (struct str){ (const char *)data, n });
	if (h.head.n + h.body.n != n)
		abort();
	for (i = 0; i < 2; i++) {
		if (http_decode(&h, &s, limits[i], &b, &e) < 0)
			abort();
		if (b.body.n > limits[i])
			abort();
	}
	http_scratch_free(&s);
	return 0;
}

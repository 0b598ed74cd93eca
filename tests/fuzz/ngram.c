/* SPDX-License-Identifier: MIT */
/* Any bytes as a language model, ARPA or binary: what loads, scores. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/ngram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct str line =
	    STR("the mill a b the the </s> river b a");
	struct ngram_row r = { 0 };
	struct ngram *m;
	struct err e;
	size_t i;

	if (ngram_parse(&m, (struct str){ (const char *)data, n }, &e) < 0)
		return 0;
	if (ngram_row_line(m, &r, line, &e) == 0 &&
	    ngram_row_line(m, &r, (struct str){ "", 0 }, &e) == 0 &&
	    ngram_score(m, &r, &e) == 0)
		for (i = 0; i < r.n; i++)
			if (!isfinite(r.logs[i]) || r.lengths[i] < 1 ||
			    r.lengths[i] > ngram_order(m))
				abort();
	ngram_row_free(&r);
	ngram_free(m);
	return 0;
}

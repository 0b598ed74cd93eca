/* SPDX-License-Identifier: MIT */
/* Any bytes as a file of cut-offs. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/cutoffs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cutoffs *c;
	struct err e;
	double limit;

	if (cutoffs_parse(
		&c, (struct str){ (const char *)data, n }, 30, 60, &e) < 0)
		return 0;
	if (!cutoffs_bucket(c, STR("en"), 100, &limit))
		abort();
	cutoffs_free(c);
	return 0;
}

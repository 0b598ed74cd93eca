/* SPDX-License-Identifier: MIT */
/* Any text as folded words: in order, apart, and the same words again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "dedup/folded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct folded f = { 0 };
	char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */
	struct str text = { copy, n };
	struct err e;
	size_t i;

	if (n)
		memcpy(copy, data, n);
	text.n = utf8_valid_prefix(text);
	if (folded_of(&f, text, &e) < 0)
		abort();
	for (i = 0; i < f.n; i++)
		if (f.start[i] >= f.end[i] || f.end[i] > text.n ||
		    (i && f.start[i] < f.end[i - 1]) ||
		    !folded_gram(&f, i, 1, folded_power(1)))
			abort();
	folded_free(&f);
	free(copy);
	return 0;
}

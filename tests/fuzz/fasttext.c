/* SPDX-License-Identifier: MIT */
/* Any bytes as a model: what loads, guesses. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/lang_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char text[] = "the old mill m\xc3\xbchle";
	struct fasttext_scratch s = { 0 };
	struct fasttext_guess g[4];
	struct fasttext *f;
	struct err e;
	size_t k, i;

	if (fasttext_parse(&f, (struct str){ (const char *)data, n }, &e) < 0)
		return 0;
	if (fasttext_guess(f, &s, (struct str){ text, sizeof(text) - 1 }, 3, g,
		&k, &e) == 0)
		for (i = 0; i < k; i++)
			if (g[i].label >= fasttext_labels(f))
				abort();
	lang_model_check(f, &e);
	fasttext_free(f);
	fasttext_scratch_free(&s);
	return 0;
}

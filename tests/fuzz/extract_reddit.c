/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as a line of a Reddit dump. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };

	fuzz_corpus(CORPUS_REDDIT, s, (struct str){ NULL, 0 }, "RC_1");
	return 0;
}

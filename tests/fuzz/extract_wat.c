/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as a record of a WAT. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };

	fuzz_corpus(CORPUS_WAT, s, (struct str){ NULL, 0 }, "");
	return 0;
}

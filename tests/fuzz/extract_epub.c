/* SPDX-License-Identifier: MIT */
/* Any bytes as an EPUB. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };

	fuzz_corpus(CORPUS_EPUB, s, (struct str){ NULL, 0 }, "a.epub");
	return 0;
}

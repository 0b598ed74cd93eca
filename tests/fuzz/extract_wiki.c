/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as a page of a wiki, and as what describes the wiki. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };

	fuzz_corpus(CORPUS_WIKI, s, s, "dump.xml");
	return 0;
}

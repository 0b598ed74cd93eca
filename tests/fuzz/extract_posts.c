/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as rows of a question and its answers. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };

	fuzz_corpus(CORPUS_STACK, s, (struct str){ NULL, 0 }, "Posts.xml");
	return 0;
}

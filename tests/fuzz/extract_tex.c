/* SPDX-License-Identifier: MIT */
/* Any UTF-8 as a paper of two files, NUL between them. */
#include "fuzz_corpus.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *nul = n ? memchr(data, 0, n) : NULL;
	size_t first = nul ? (size_t)(nul - data) : n;
	struct str s = { (const char *)data, first };
	struct str rest = { (const char *)data + first, n - first };
	struct buf bundle = { 0 };

	rest.n = utf8_valid_prefix(rest);
	corpus_bundle_put(&bundle, STR("b.tex"), rest);
	fuzz_corpus(CORPUS_TEX, s, buf_view(&bundle), "a.tex");
	buf_free(&bundle);
	return 0;
}

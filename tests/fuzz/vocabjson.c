/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a vocab.json, a NUL and a merges.txt: refused, or a tokenizer
 * that does no harm, and that comes back from what it writes of itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_tokenizer.h"
#include "tokenizer/vocabjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_written(const struct bpe *a)
{
	struct buf vocab = { 0 }, merges = { 0 };
	struct bpe b = { 0 };
	struct err e;

	if (vocabjson_write(a, &vocab, &merges, &e) == 0) {
		if (vocabjson_read(&b, NULL, buf_view(&vocab),
			buf_view(&merges), &e) < 0 ||
		    a->ntoken != b.ntoken || a->nmerge != b.nmerge)
			abort();
		bpe_free(&b);
	}
	buf_free(&vocab);
	buf_free(&merges);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *nul = memchr(data, '\0', n);
	size_t left = nul ? (size_t)(nul - data) : n;
	struct str vocab = { (const char *)data, left }, merges = { "", 0 };
	struct bpe b = { 0 };
	struct err e;

	if (nul)
		merges = (struct str){ (const char *)nul + 1, n - left - 1 };
	if (vocabjson_read(&b, NULL, vocab, merges, &e) < 0)
		return 0;
	check_written(&b);
	fuzz_vocabulary(&b);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Any bytes as a GGUF file: refused, or a tokenizer that does no harm. */
#include <stdint.h>

#include "fuzz_tokenizer.h"
#include "tokenizer/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bpe b = { 0 };
	struct err e;

	if (gguf_read(&b, NULL, (const char *)data, n, &e) == 0)
		fuzz_vocabulary(&b);
	return 0;
}

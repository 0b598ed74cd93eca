/* SPDX-License-Identifier: MIT */
/* Any bytes as a SentencePiece model: refused, or a tokenizer that does no
 * harm. */
#include <stdint.h>

#include "fuzz_tokenizer.h"
#include "tokenizer/spm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bpe b = { 0 };
	struct err e;

	if (spm_read(&b, (const char *)data, n, &e) == 0)
		fuzz_vocabulary(&b);
	return 0;
}

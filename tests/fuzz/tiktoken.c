/* SPDX-License-Identifier: MIT */
/* Any bytes as a .tiktoken file: refused, or a tokenizer that does no harm. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "tokenizer/encode.h"
#include "tokenizer/tiktoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bpe b = { 0 };
	struct ids ids = { 0 };
	struct pretok *pt;
	struct encoder *x;
	struct err e;

	if (tiktoken_read(&b, "cl100k_base.tiktoken", NULL, (const char *)data,
		n, &e) < 0)
		return 0;
	if (pretok_open(&pt, b.pattern, &e) < 0)
		abort();
	x = encoder_new(&b, pt, &e);
	if (x)
		encoder_run(x, STR("the mill !!!! \"\"\" aaaa"), &ids, &e);
	ids_free(&ids);
	encoder_free(x);
	pretok_close(pt);
	bpe_free(&b);
	return 0;
}

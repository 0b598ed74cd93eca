/* SPDX-License-Identifier: MIT */
/* A shard's index: parsed, and checked if that went well. */
#include <stdint.h>

#include "base/err.h"
#include "io/shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct shard_idx idx;
	struct err e;

	if (shard_idx_parse(&idx, data, n, &e) == 0)
		(void)shard_idx_check(&idx, 100, &e);
	return 0;
}

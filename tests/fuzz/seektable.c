/* SPDX-License-Identifier: MIT */
/* A shard's .docs: its seek table, its frames, its documents. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "io/shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
ignore(void *ctx, uint64_t i, const struct shard_doc *d, struct err *e)
{
	(void)ctx;
	(void)i;
	(void)d;
	(void)e;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char prefix[] = "fuzz";
	struct shard s = {
		.prefix = prefix, .docs_map = data, .docs_bytes = n, .docs = 100
	};
	struct err e;

	if (frames_index(data, n, &s.frames, &s.nframe, &e) == 0)
		(void)shard_docs_each(&s, ignore, NULL, &e);
	free(s.frames);
	return 0;
}

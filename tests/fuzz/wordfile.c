/* SPDX-License-Identifier: MIT */
/* Any bytes as counts of pieces: refused, or something to learn from. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "tokenizer/learn.h"
#include "tokenizer/wordfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[] = "/tmp/quern-fuzz-XXXXXX";
	struct learn_opts opts = { .vocab = 300 };
	struct buf pattern = { 0 };
	struct words w = { 0 };
	struct bpe b = { 0 };
	int fd = mkstemp(path);
	struct err e;

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
	if (wordfile_read(&w, &pattern, path, 1 << 24, &e) == 0)
		bpe_learn(&b, &w, &opts, &e);
	unlink(path);
	words_free(&w);
	buf_free(&pattern);
	bpe_free(&b);
	return 0;
}

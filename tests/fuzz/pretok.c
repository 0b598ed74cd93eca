/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a text, split by every named pattern: the pieces are the text,
 * none is empty, and asking for one at a time gives the same ones.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tokenizer/pretok.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
split(struct pretok_scan *many, struct pretok_scan *one, struct str text)
{
	size_t ends[7], last = 0, end;
	struct err e;
	ptrdiff_t k, i;

	if (pretok_start(many, text, &e) < 0 || pretok_start(one, text, &e) < 0)
		abort();
	while ((k = pretok_next(many, ends, 7, &e)) > 0)
		for (i = 0; i < k; last = ends[i++])
			if (ends[i] <= last || ends[i] > text.n ||
			    pretok_next(one, &end, 1, &e) != 1 ||
			    end != ends[i])
				abort();
	if (k < 0 || last != text.n || pretok_next(one, &end, 1, &e) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "gpt2", "cl100k", "qwen2",
		"nanochat", "o200k", "whitespace" };
	static struct pretok_scan *scan[6][2];
	struct pretok *pt;
	struct err e;
	size_t i, k;
	/* A copy of just this size, so that reading past it shows. */
	char *copy = malloc(n ? n : 1);

	memcpy(copy, data, n);
	for (i = 0; i < 6; i++) {
		if (!scan[i][0] && pretok_open(&pt, names[i], &e) < 0)
			abort();
		for (k = 0; k < 2; k++)
			if (!scan[i][k])
				scan[i][k] = pretok_scan_new(pt, &e);
		split(scan[i][0], scan[i][1], (struct str){ copy, n });
	}
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>

#include "train/unigram.h"

double
unigram_loss(const uint64_t *seen, const uint64_t *text, uint32_t vocab)
{
	double total = vocab, n = 0, sum = 0;
	uint32_t i;

	for (i = 0; i < vocab; i++) {
		total += (double)seen[i];
		n += (double)text[i];
	}
	for (i = 0; i < vocab; i++)
		sum += (double)text[i] * log(total / ((double)seen[i] + 1));
	return n > 0 ? sum / n : 0;
}

void
unigram_count(uint64_t *counts, const struct rows *rows, uint32_t B, uint32_t T)
{
	uint32_t b, t;

	for (b = 0; b < B; b++)
		for (t = 0; t < T; t++)
			if (!rows->loss || rows->loss[(size_t)b * T + t])
				counts[rows->tokens[(size_t)b * (T + 1) + t +
						    1]]++;
}

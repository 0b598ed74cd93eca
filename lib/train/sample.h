/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SAMPLE_H
#define TRAIN_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Choosing the next token: logits / temperature, then the top_k largest, then
 * the fewest of those whose probabilities reach top_p.
 * Source: Holtzman et al., arXiv 1904.09751 (top-p); the order is that of
 * transformers.
 */
struct sampling {
	double temperature; /* 0: always the largest (the lowest id on a tie) */
	uint32_t top_k;     /* 0: all */
	double top_p;       /* 1: all */
	uint64_t seed;
};

struct sampler {
	struct sampling s;
	uint32_t vocab;
	struct candidate *c; /* scratch (vocab) */
};

/* ERR_ARG for numbers out of range. */
int sampler_open(
    struct sampler *p, const struct sampling *s, uint32_t vocab, struct err *e);
void sampler_close(struct sampler *p);
/*
 * A token for the sequence's position: the same (seed, position, logits) give
 * the same token.
 */
uint32_t
sampler_pick(struct sampler *p, const float *logits, uint64_t position);

#endif

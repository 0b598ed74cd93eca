/* SPDX-License-Identifier: MIT */
/* lib/train/philox.h on the card. */
#ifndef TRAIN_CUDA_PHILOX_H
#define TRAIN_CUDA_PHILOX_H

#include <stdint.h>

#include "train/ops.h"

/* Word c % 4 of a block of Philox4x32-10. */
static __device__ inline uint32_t
philox_word(uint64_t seed, uint64_t stream, uint64_t index, unsigned word)
{
	uint32_t a = (uint32_t)index, b = (uint32_t)(index >> 32);
	uint32_t c = (uint32_t)stream, d = (uint32_t)(stream >> 32);
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
	uint64_t x, y;

	for (int round = 0; round < 10; round++) {
		x = (uint64_t)0xD2511F53 * a;
		y = (uint64_t)0xCD9E8D57 * c;
		a = (uint32_t)(y >> 32) ^ b ^ k0;
		b = (uint32_t)y;
		c = (uint32_t)(x >> 32) ^ d ^ k1;
		d = (uint32_t)x;
		k0 += 0x9E3779B9;
		k1 += 0xBB67AE85;
	}
	return word == 0 ? a : word == 1 ? b : word == 2 ? c : d;
}

/* What element c of C of a token of the step is multiplied by. */
static __device__ inline float
dropout_factor(const struct dropout &o, uint64_t token, uint64_t c, uint64_t C)
{
	uint64_t stream = o.stream + (o.more ? o.more[0] : 0), block;

	if (o.rate <= 0)
		return 1;
	if (o.more)
		token += o.more[1] * o.each;
	block = token * ((C + 3) / 4) + c / 4;
	return (double)philox_word(o.seed, stream, block, (unsigned)(c % 4)) <
		       o.rate * 4294967296.0
		   ? 0
		   : (float)(1 / (1 - o.rate));
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Philox4x32-10 as in philox.h, several blocks side by side in a register.
 */
#include <math.h>

#include "train/cpu/dropout.h"
#include "train/cpu/vec.h"

enum { BLOCKS = 16, WORDS = 4 * BLOCKS };

/* What becomes of an element: words below `limit` drop it. */
struct rule {
	uint64_t seed, stream;
	uint32_t limit;
	float keep;
};

static struct rule
rule_of(const struct dropout *o)
{
	double limit = ceil(o->rate * 4294967296.0);

	/* Of 2^32 - 1 on, no word stays. */
	return (struct rule){ o->seed, o->stream + (o->more ? o->more[0] : 0),
		limit < 4294967295.0 ? (uint32_t)limit : UINT32_MAX,
		limit < 4294967296.0 ? (float)(1 / (1 - o->rate)) : 0 };
}

/* By the words of the blocks first .. first + BLOCKS, in order. */
SIMD static void
draw(float *out, const struct rule *r, uint64_t first)
{
	uint32_t a[BLOCKS], b[BLOCKS], c[BLOCKS], d[BLOCKS];
	uint32_t k0 = (uint32_t)r->seed, k1 = (uint32_t)(r->seed >> 32);
	uint32_t limit = r->limit;
	float keep = r->keep;
	uint64_t x, y;
	int i, round;

	for (i = 0; i < BLOCKS; i++) {
		a[i] = (uint32_t)(first + (uint64_t)i);
		b[i] = (uint32_t)((first + (uint64_t)i) >> 32);
		c[i] = (uint32_t)r->stream;
		d[i] = (uint32_t)(r->stream >> 32);
	}
	for (round = 0; round < 10; round++) {
#pragma omp simd private(x, y)
		for (i = 0; i < BLOCKS; i++) {
			x = (uint64_t)0xD2511F53 * a[i];
			y = (uint64_t)0xCD9E8D57 * c[i];
			a[i] = (uint32_t)(y >> 32) ^ b[i] ^ k0;
			b[i] = (uint32_t)y;
			c[i] = (uint32_t)(x >> 32) ^ d[i] ^ k1;
			d[i] = (uint32_t)x;
		}
		k0 += 0x9E3779B9;
		k1 += 0xBB67AE85;
	}
#pragma omp simd
	for (i = 0; i < BLOCKS; i++) {
		out[4 * i] = a[i] < limit ? 0 : keep;
		out[4 * i + 1] = b[i] < limit ? 0 : keep;
		out[4 * i + 2] = c[i] < limit ? 0 : keep;
		out[4 * i + 3] = d[i] < limit ? 0 : keep;
	}
}

void
dropout_mask(float *m, const struct dropout *o, uint64_t token, size_t c,
    size_t n, size_t C)
{
	const struct rule r = rule_of(o);
	float rest[WORDS];
	uint64_t block;
	size_t i;

	if (o->more)
		token += o->more[1] * o->each;
	block = token * ((C + 3) / 4) + c / 4;
	for (i = 0; i + WORDS <= n; i += WORDS, block += BLOCKS)
		draw(m + i, &r, block);
	if (i < n) {
		draw(rest, &r, block);
		memcpy(m + i, rest, (n - i) * sizeof(*m));
	}
}

SIMD static void
times(float *x, const float *m, size_t n)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		x[i] *= m[i];
}

void
cpu_dropout(void *x, int N, int C, const struct dropout *o)
{
	enum { PIECE = 1024 }; /* of a row at a time, on the stack */
	size_t c = (size_t)C;
	int i;

	if (o->rate <= 0)
		return;
#pragma omp parallel for
	for (i = 0; i < N; i++) {
		float *row = (float *)x + (size_t)i * c, m[PIECE];
		size_t at, n;

		for (at = 0; at < c; at += n) {
			n = c - at < PIECE ? c - at : PIECE;
			dropout_mask(m, o, o->at + (uint64_t)i, at, n, c);
			times(row + at, m, n);
		}
	}
}

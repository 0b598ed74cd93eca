/* SPDX-License-Identifier: MIT */
/* Source: Su et al., arXiv 2104.09864; halves paired as transformers does. */
#include "train/cpu/vec.h"
#include "train/ops.h"

SIMD static void
rotate(float *x, const float *cosine, const float *sine, size_t half, float way)
{
	float a, b, s;
	size_t i;

#pragma omp simd private(a, b, s)
	for (i = 0; i < half; i++) {
		a = x[i];
		b = x[i + half];
		s = sine[i] * way;
		x[i] = a * cosine[i] - b * s;
		x[i + half] = b * cosine[i] + a * s;
	}
}

void
cpu_rope(void *x, const void *table, int B, int T, int H, int D, int R,
    int stride, int pos, int inverse)
{
	size_t half = (size_t)R / 2;
	int i;

#pragma omp parallel for
	for (i = 0; i < B * T; i++) {
		const float *cs =
		    (const float *)table + (size_t)(pos + i % T) * (size_t)R;
		float *row = (float *)x + (size_t)i * (size_t)stride;
		int h;

		for (h = 0; h < H; h++)
			rotate(row + (size_t)h * (size_t)D, cs, cs + half, half,
			    inverse ? -1 : 1);
	}
}

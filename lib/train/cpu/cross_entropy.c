/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

static float
row_loss(float *x, size_t V, size_t target, float scale, int backward)
{
	float max = vec_max(x, V), at = x[target] - max;
	float sum = vec_exp_sum(x, V, 1, max);

	if (backward) {
		vec_scale(x, V, scale / sum);
		x[target] -= scale;
	}
	return logf(sum) - at;
}

void
cpu_cross_entropy(void *loss, void *logits, const int32_t *targets, int N,
    int V, double scale, int backward)
{
	float *l = loss;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		l[i] = row_loss((float *)logits + (size_t)i * (size_t)V,
		    (size_t)V, (size_t)targets[i], (float)scale, backward);
}

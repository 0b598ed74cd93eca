/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

static double
mean(const float *x, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += (double)x[i];
	return sum / (double)n;
}

SIMD static void
subtract(float *x, size_t n, float y)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		x[i] -= y;
}

static float
row_loss(float *x, size_t V, int32_t target, const struct cross_entropy *o)
{
	float max, at, sum, log_sum, lse;
	float s = (float)o->smoothing, scale = (float)o->scale, loss;
	float middle;

	if (target < 0) {
		if (o->backward)
			memset(x, 0, V * sizeof(*x));
		return 0;
	}
	max = vec_max(x, V);
	at = x[target] - max;
	middle = s > 0 ? (float)(mean(x, V) - (double)max) : 0;
	sum = vec_exp_sum(x, V, 1, max);
	log_sum = logf(sum);
	lse = log_sum + max;
	loss = log_sum - (1 - s) * at - s * middle + (float)o->z * lse * lse;
	if (o->backward) {
		vec_scale(x, V, scale / sum * (1 + 2 * (float)o->z * lse));
		if (s > 0)
			subtract(x, V, scale * s / (float)V);
		x[target] -= scale * (1 - s);
	}
	return loss;
}

void
cpu_cross_entropy(void *loss, void *logits, const int32_t *targets, int N,
    int V, const struct cross_entropy *o)
{
	size_t stride = (size_t)(o->stride ? o->stride : V);
	float *l = loss;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++) {
		float *x = (float *)logits + (size_t)i * stride;

		l[i] = row_loss(x, (size_t)V, targets[i], o);
		if (o->backward)
			memset(x + V, 0, (stride - (size_t)V) * sizeof(*x));
	}
}

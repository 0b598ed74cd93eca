/* SPDX-License-Identifier: MIT */
#include "train/cuda/launch.h"
#include "train/ops.h"

/* A block a row. */
static __global__ void
loss_row(float *loss, float *logits, const int32_t *targets, int V, float scale,
    float smoothing, float z, int backward)
{
	float *x = logits + (size_t)blockIdx.x * V;
	int target = targets[blockIdx.x];
	float max = x[0], sum = 0, mean = 0, at, lse, share;

	if (target < 0) {
		if (threadIdx.x == 0)
			loss[blockIdx.x] = 0;
		for (int i = threadIdx.x; backward && i < V; i += THREADS)
			x[i] = 0;
		return;
	}
	at = x[target];
	for (int i = threadIdx.x; i < V; i += THREADS)
		max = fmaxf(max, x[i]);
	max = block_max(max);
	for (int i = threadIdx.x; i < V; i += THREADS)
		sum += expf(x[i] - max), mean += (x[i] - max) / V;
	sum = block_sum(sum);
	mean = block_sum(mean);
	lse = logf(sum) + max;
	if (threadIdx.x == 0)
		loss[blockIdx.x] = logf(sum) - (1 - smoothing) * (at - max) -
				   smoothing * mean + z * lse * lse;
	if (!backward)
		return;
	for (int i = threadIdx.x; i < V; i += THREADS)
		share = smoothing / V + (i == target ? 1 - smoothing : 0),
		x[i] = scale *
		       (expf(x[i] - max) / sum * (1 + 2 * z * lse) - share);
}

void
cuda_cross_entropy(void *loss, void *logits, const int32_t *targets, int N,
    int V, const struct cross_entropy *o)
{
	LAUNCH(loss_row, (unsigned)N, THREADS, 0, (float *)loss,
	    (float *)logits, targets, V, (float)o->scale, (float)o->smoothing,
	    (float)o->z, o->backward);
}

/* SPDX-License-Identifier: MIT */
#include <float.h>

#include "train/cuda/number.h"
#include "train/ops.h"

/* A row of logits; V of them, then what fills it up. */
struct row_shape {
	int V, stride;
	bool aligned; /* fours() */
};

/* What a thread has seen of a row: the sum is of exp(x - max). */
struct part {
	float max, sum, mean;
};

static __device__ __forceinline__ void
take(struct part *p, const struct four &x, int n)
{
	float max = p->max;

	for (int k = 0; k < n; k++)
		max = fmaxf(max, x.v[k]);
	p->sum *= expf(p->max - max);
	p->max = max;
	for (int k = 0; k < n; k++)
		p->sum += expf(x.v[k] - max), p->mean += x.v[k];
}

/* The row is read once; all threads get what it came to. */
template <typename number>
static __device__ struct part
sum_row(const number *x, const struct row_shape &s)
{
	struct part p = { -FLT_MAX, 0, 0 };
	float max;

	for (int i = threadIdx.x * 4; i < s.V; i += THREADS * 4)
		take(&p, get_four(x + i, s.V - i, s.aligned), min(4, s.V - i));
	max = block_max(p.max);
	p.sum = block_sum(p.sum * expf(p.max - max));
	p.mean = block_sum(p.mean) / s.V;
	p.max = max;
	return p;
}

template <typename number>
static __device__ void
clear_row(number *x, const struct row_shape &s, int from)
{
	for (int i = from + threadIdx.x; i < s.stride; i += THREADS)
		put(x + i, 0.f);
}

/* A block a row. */
template <typename number>
static __global__ void
loss_row(float *loss, number *logits, const int32_t *targets,
    const struct row_shape s, float scale, float smoothing, float z,
    bool backward)
{
	number *x = logits + (size_t)blockIdx.x * s.stride;
	int target = targets[blockIdx.x];
	float lse, at, of_all, of_sum;
	struct part p;

	if (target < 0) {
		if (threadIdx.x == 0)
			loss[blockIdx.x] = 0;
		if (backward)
			clear_row(x, s, 0);
		return;
	}
	at = get(x[target]);
	p = sum_row(x, s);
	lse = logf(p.sum) + p.max;
	if (threadIdx.x == 0)
		loss[blockIdx.x] = logf(p.sum) - (1 - smoothing) * (at - p.max) -
				   smoothing * (p.mean - p.max) + z * lse * lse;
	if (!backward)
		return;
	of_sum = (1 + 2 * z * lse) / p.sum;
	of_all = smoothing / s.V;
	for (int i = threadIdx.x * 4; i < s.V; i += THREADS * 4) {
		struct four y = get_four(x + i, s.V - i, s.aligned);

		UNROLL
		for (int k = 0; k < 4; k++)
			y.v[k] = scale * (expf(y.v[k] - p.max) * of_sum - of_all -
				     (i + k == target ? 1 - smoothing : 0));
		put_four(x + i, y, s.V - i, s.aligned);
	}
	clear_row(x, s, s.V);
}

template <typename number>
static void
run(void *loss, void *logits, const int32_t *targets, int N, int V,
    const struct cross_entropy *o)
{
	struct row_shape s = { V, o->stride ? o->stride : V, false };

	s.aligned = fours((number *)logits, s.stride);
	LAUNCH(loss_row<number>, (unsigned)N, THREADS, 0, (float *)loss,
	    (number *)logits, targets, s, (float)o->scale, (float)o->smoothing,
	    (float)o->z, o->backward != 0);
}

#define CROSS_ENTROPY(name, number) \
	void name(void *loss, void *logits, const int32_t *targets, int N, \
	    int V, const struct cross_entropy *o) \
	{ \
		if (o->act) \
			run<number>(loss, logits, targets, N, V, o); \
		else \
			run<float>(loss, logits, targets, N, V, o); \
	}

CROSS_ENTROPY(cuda_cross_entropy, float)
CROSS_ENTROPY(bf16_cross_entropy, bf16)
CROSS_ENTROPY(f16_cross_entropy, f16)

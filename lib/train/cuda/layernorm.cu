/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* A block a row; the variance from the differences, not from the squares. */
static __global__ void
layernorm(float *out, float *stats, const float *in, const float *w,
    const float *b, int C, float eps)
{
	const float *x = in + (size_t)blockIdx.x * C;
	float *y = out + (size_t)blockIdx.x * C, sum = 0, square = 0, mean, r;

	for (int c = threadIdx.x; c < C; c += THREADS)
		sum += x[c];
	mean = block_sum(sum) / C;
	for (int c = threadIdx.x; c < C; c += THREADS)
		square += (x[c] - mean) * (x[c] - mean);
	r = 1 / sqrtf(block_sum(square) / C + eps);
	for (int c = threadIdx.x; c < C; c += THREADS)
		y[c] = (x[c] - mean) * r * w[c] + b[c];
	if (threadIdx.x == 0) {
		stats[2 * blockIdx.x] = mean;
		stats[2 * blockIdx.x + 1] = r;
	}
}

static __global__ void
layernorm_grad(float *din, const float *dout, const float *in, const float *w,
    const float *stats, int C, int accumulate)
{
	const float *g = dout + (size_t)blockIdx.x * C;
	const float *x = in + (size_t)blockIdx.x * C;
	float *d = din + (size_t)blockIdx.x * C;
	float mean = stats[2 * blockIdx.x], r = stats[2 * blockIdx.x + 1];
	float sum = 0, along = 0, v;

	for (int c = threadIdx.x; c < C; c += THREADS) {
		sum += g[c] * w[c];
		along += g[c] * w[c] * (x[c] - mean) * r;
	}
	sum = block_sum(sum) / C;
	along = block_sum(along) / C;
	for (int c = threadIdx.x; c < C; c += THREADS) {
		v = r * (g[c] * w[c] - sum - (x[c] - mean) * r * along);
		d[c] = accumulate ? d[c] + v : v;
	}
}

struct layer_weight {
	const float *g, *x, *stats;
	int C;

	__device__ float
	operator()(int row, int c) const
	{
		size_t i = (size_t)row * C + c;

		return g[i] * (x[i] - stats[2 * row]) * stats[2 * row + 1];
	}
};

void
cuda_layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	LAUNCH(layernorm, (unsigned)N, THREADS, 0, (float *)out, (float *)stats,
	    (const float *)in, (const float *)w, (const float *)b, C,
	    (float)eps);
}

void
cuda_layernorm_bwd(void *din, void *dw, void *db, const void *dout,
    const void *in, const void *w, const void *stats, int N, int C,
    int accumulate)
{
	const float *g = (const float *)dout, *x = (const float *)in;

	LAUNCH(layernorm_grad, (unsigned)N, THREADS, 0, (float *)din, g, x,
	    (const float *)w, (const float *)stats, C, accumulate);
	add_columns(
	    (float *)dw, layer_weight{ g, x, (const float *)stats, C }, N, C);
	add_columns((float *)db, elements{ g, C }, N, C);
}

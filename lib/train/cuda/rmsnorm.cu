/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* A block a row. */
static __global__ void
norm(float *out, float *rstd, const float *in, const float *w, int C, float eps)
{
	const float *x = in + (size_t)blockIdx.x * C;
	float sum = 0, r;

	for (int c = threadIdx.x; c < C; c += THREADS)
		sum += x[c] * x[c];
	sum = block_sum(sum);
	r = 1 / sqrtf(sum / C + eps);
	for (int c = threadIdx.x; c < C; c += THREADS)
		out[(size_t)blockIdx.x * C + c] = x[c] * r * w[c];
	if (threadIdx.x == 0)
		rstd[blockIdx.x] = r;
}

static __global__ void
norm_grad(float *din, const float *dout, const float *in, const float *w,
    const float *rstd, int C, int accumulate)
{
	size_t row = (size_t)blockIdx.x * C;
	float r = rstd[blockIdx.x], sum = 0, d;

	for (int c = threadIdx.x; c < C; c += THREADS)
		sum += dout[row + c] * w[c] * in[row + c];
	sum = block_sum(sum) * r * r / C;
	for (int c = threadIdx.x; c < C; c += THREADS) {
		d = r * (dout[row + c] * w[c] - in[row + c] * sum);
		din[row + c] = accumulate ? din[row + c] + d : d;
	}
}

struct rms_weight {
	const float *g, *x, *rstd;
	int C;

	__device__ float
	operator()(int row, int c) const
	{
		size_t i = (size_t)row * C + c;

		return g[i] * x[i] * rstd[row];
	}
};

void
cuda_rmsnorm_fwd(void *out, void *rstd, const void *in, const void *w, int N,
    int C, double eps)
{
	LAUNCH(norm, (unsigned)N, THREADS, 0, (float *)out, (float *)rstd,
	    (const float *)in, (const float *)w, C, (float)eps);
}

void
cuda_rmsnorm_bwd(void *din, void *dw, const void *dout, const void *in,
    const void *w, const void *rstd, int N, int C, int accumulate)
{
	LAUNCH(norm_grad, (unsigned)N, THREADS, 0, (float *)din,
	    (const float *)dout, (const float *)in, (const float *)w,
	    (const float *)rstd, C, accumulate);
	add_columns((float *)dw,
	    rms_weight{ (const float *)dout, (const float *)in,
		(const float *)rstd, C },
	    N, C);
}

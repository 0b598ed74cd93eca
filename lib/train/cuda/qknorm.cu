/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* A token's heads: H of queries, K of keys, then K of values. */
struct heads {
	int H, K, D;
	float eps;
};

/* A block a token, a warp a head at a time. */
static __global__ void
norm_heads(float *out, float *rstd, const float *in, const float *wq,
    const float *wk, struct heads s)
{
	int lane = threadIdx.x % WARP, all = s.H + 2 * s.K;
	size_t token = (size_t)blockIdx.x * all * s.D;

	for (int h = threadIdx.x / WARP; h < all; h += WARPS) {
		const float *x = in + token + h * s.D;
		const float *w = h < s.H ? wq : wk;
		float *y = out + token + h * s.D, sum = 0, r = 1;

		for (int d = lane; d < s.D; d += WARP)
			sum += x[d] * x[d];
		sum = warp_sum(sum);
		if (h < s.H + s.K)
			r = 1 / sqrtf(sum / s.D + s.eps);
		for (int d = lane; d < s.D; d += WARP)
			y[d] = h < s.H + s.K ? x[d] * r * w[d] : x[d];
		if (lane == 0 && h < s.H + s.K)
			rstd[(size_t)blockIdx.x * (s.H + s.K) + h] = r;
	}
}

static __global__ void
norm_heads_grad(float *din, const float *dout, const float *in, const float *wq,
    const float *wk, const float *rstd, struct heads s)
{
	int lane = threadIdx.x % WARP, all = s.H + 2 * s.K;
	size_t token = (size_t)blockIdx.x * all * s.D;

	for (int h = threadIdx.x / WARP; h < all; h += WARPS) {
		const float *x = in + token + h * s.D;
		const float *g = dout + token + h * s.D;
		const float *w = h < s.H ? wq : wk;
		float *dx = din + token + h * s.D, sum = 0, r = 0;

		if (h < s.H + s.K) {
			r = rstd[(size_t)blockIdx.x * (s.H + s.K) + h];
			for (int d = lane; d < s.D; d += WARP)
				sum += g[d] * w[d] * x[d];
		}
		sum = warp_sum(sum) * r * r / s.D;
		for (int d = lane; d < s.D; d += WARP)
			dx[d] = h < s.H + s.K ? r * (g[d] * w[d] - x[d] * sum)
					      : g[d];
	}
}

/* Rows: the heads first .. first + n of each token. */
struct head_term {
	const float *g, *x, *rstd;
	struct heads s;
	int first, n;

	__device__ float
	operator()(int row, int d) const
	{
		size_t token = row / n, h = first + row % n;
		size_t i = (token * (s.H + 2 * s.K) + h) * s.D + d;

		return g[i] * x[i] * rstd[token * (s.H + s.K) + h];
	}
};

void
cuda_qknorm_fwd(void *out, void *rstd, const void *in, const void *wq,
    const void *wk, int N, int H, int K, int D, double eps)
{
	struct heads s = { H, K, D, (float)eps };

	LAUNCH(norm_heads, (unsigned)N, THREADS, 0, (float *)out, (float *)rstd,
	    (const float *)in, (const float *)wq, (const float *)wk, s);
}

void
cuda_qknorm_bwd(void *din, void *dwq, void *dwk, const void *dout,
    const void *in, const void *wq, const void *wk, const void *rstd, int N,
    int H, int K, int D)
{
	struct heads s = { H, K, D, 0 };
	struct head_term q = { (const float *)dout, (const float *)in,
		(const float *)rstd, s, 0, H };
	struct head_term k = q;

	k.first = H;
	k.n = K;
	LAUNCH(norm_heads_grad, (unsigned)N, THREADS, 0, (float *)din,
	    (const float *)dout, (const float *)in, (const float *)wq,
	    (const float *)wk, (const float *)rstd, s);
	add_columns((float *)dwq, q, N * H, D);
	add_columns((float *)dwk, k, N * K, D);
}

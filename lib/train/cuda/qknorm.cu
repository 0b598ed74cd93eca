/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* A token's heads: H of queries, K of keys, then K of values. */
struct heads {
	int H, K, D;
	float eps;
};

/* A block a token, a warp a head at a time. */
template <typename number>
static __global__ void
norm_heads(number *out, float *rstd, const number *in, const float *wq,
    const float *wk, struct heads s)
{
	int lane = threadIdx.x % WARP, all = s.H + 2 * s.K;
	size_t token = (size_t)blockIdx.x * all * s.D;

	for (int h = threadIdx.x / WARP; h < all; h += WARPS) {
		const number *x = in + token + h * s.D;
		const float *w = h < s.H ? wq : wk;
		number *y = out + token + h * s.D;
		float sum = 0, r = 1;

		for (int d = lane; d < s.D; d += WARP)
			sum += get(x[d]) * get(x[d]);
		sum = warp_sum(sum);
		if (h < s.H + s.K)
			r = 1 / sqrtf(sum / s.D + s.eps);
		for (int d = lane; d < s.D; d += WARP)
			put(y + d, h < s.H + s.K ? get(x[d]) * r * w[d]
						 : get(x[d]));
		if (lane == 0 && h < s.H + s.K)
			rstd[(size_t)blockIdx.x * (s.H + s.K) + h] = r;
	}
}

template <typename number>
static __global__ void
norm_heads_grad(number *din, const number *dout, const number *in,
    const float *wq, const float *wk, const float *rstd, struct heads s)
{
	int lane = threadIdx.x % WARP, all = s.H + 2 * s.K;
	size_t token = (size_t)blockIdx.x * all * s.D;

	for (int h = threadIdx.x / WARP; h < all; h += WARPS) {
		const number *x = in + token + h * s.D;
		const number *g = dout + token + h * s.D;
		const float *w = h < s.H ? wq : wk;
		number *dx = din + token + h * s.D;
		float sum = 0, r = 0;

		if (h < s.H + s.K) {
			r = rstd[(size_t)blockIdx.x * (s.H + s.K) + h];
			for (int d = lane; d < s.D; d += WARP)
				sum += get(g[d]) * w[d] * get(x[d]);
		}
		sum = warp_sum(sum) * r * r / s.D;
		for (int d = lane; d < s.D; d += WARP)
			put(dx + d, h < s.H + s.K
					? r * (get(g[d]) * w[d] -
						  get(x[d]) * sum)
					: get(g[d]));
	}
}

/* Rows: the heads first .. first + n of each token. */
template <typename number> struct head_term {
	const number *g, *x;
	const float *rstd;
	struct heads s;
	int first, n;

	__device__ float
	operator()(int row, int d) const
	{
		size_t token = row / n, h = first + row % n;
		size_t i = (token * (s.H + 2 * s.K) + h) * s.D + d;

		return get(g[i]) * get(x[i]) * rstd[token * (s.H + s.K) + h];
	}
};

template <typename number>
static void
qknorm_fwd(void *out, void *rstd, const void *in, const void *wq,
    const void *wk, int N, int H, int K, int D, double eps)
{
	struct heads s = { H, K, D, (float)eps };

	LAUNCH(norm_heads<number>, (unsigned)N, THREADS, 0, (number *)out,
	    (float *)rstd, (const number *)in, (const float *)wq,
	    (const float *)wk, s);
}

template <typename number>
static void
qknorm_bwd(void *din, void *dwq, void *dwk, const void *dout, const void *in,
    const void *wq, const void *wk, const void *rstd, int N, int H, int K,
    int D)
{
	struct heads s = { H, K, D, 0 };
	struct head_term<number> q = { (const number *)dout, (const number *)in,
		(const float *)rstd, s, 0, H };
	struct head_term<number> k = q;

	k.first = H;
	k.n = K;
	LAUNCH(norm_heads_grad<number>, (unsigned)N, THREADS, 0, (number *)din,
	    (const number *)dout, (const number *)in, (const float *)wq,
	    (const float *)wk, (const float *)rstd, s);
	add_columns((float *)dwq, q, N * H, D);
	add_columns((float *)dwk, k, N * K, D);
}

TYPED(qknorm_fwd,
    (void *out, void *rstd, const void *in, const void *wq, const void *wk,
	int N, int H, int K, int D, double eps),
    (out, rstd, in, wq, wk, N, H, K, D, eps))
TYPED(qknorm_bwd,
    (void *din, void *dwq, void *dwk, const void *dout, const void *in,
	const void *wq, const void *wk, const void *rstd, int N, int H, int K,
	int D),
    (din, dwq, dwk, dout, in, wq, wk, rstd, N, H, K, D))

/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* A token's heads: H of queries, K of keys, then K of values. */
struct heads {
	int H, K, D;
	float eps;
	bool aligned;

	/* Of queries and keys, not of values. */
	__device__ bool
	normed(int h) const
	{
		return h < H + K;
	}
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
		struct four u, f;

		for (int d = lane * 4; d < s.D; d += 4 * WARP) {
			u = get_four(x + d, s.D - d, s.aligned);
			sum += u.v[0] * u.v[0] + u.v[1] * u.v[1] +
			       u.v[2] * u.v[2] + u.v[3] * u.v[3];
		}
		sum = warp_sum(sum);
		if (s.normed(h))
			r = 1 / sqrtf(sum / s.D + s.eps);
		for (int d = lane * 4; d < s.D; d += 4 * WARP) {
			u = get_four(x + d, s.D - d, s.aligned);
			if (s.normed(h)) {
				f = get_four(w + d, s.D - d, s.aligned);
				UNROLL
				for (int i = 0; i < 4; i++)
					u.v[i] *= r * f.v[i];
			}
			put_four(y + d, u, s.D - d, s.aligned);
		}
		if (lane == 0 && s.normed(h))
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
		struct four u, v, f;

		if (s.normed(h))
			r = rstd[(size_t)blockIdx.x * (s.H + s.K) + h];
		for (int d = lane * 4; s.normed(h) && d < s.D; d += 4 * WARP) {
			u = get_four(g + d, s.D - d, s.aligned);
			v = get_four(x + d, s.D - d, s.aligned);
			f = get_four(w + d, s.D - d, s.aligned);
			UNROLL
			for (int i = 0; i < 4; i++)
				sum += u.v[i] * f.v[i] * v.v[i];
		}
		sum = warp_sum(sum) * r * r / s.D;
		for (int d = lane * 4; d < s.D; d += 4 * WARP) {
			u = get_four(g + d, s.D - d, s.aligned);
			if (s.normed(h)) {
				v = get_four(x + d, s.D - d, s.aligned);
				f = get_four(w + d, s.D - d, s.aligned);
				UNROLL
				for (int i = 0; i < 4; i++)
					u.v[i] = r * (u.v[i] * f.v[i] -
							 v.v[i] * sum);
			}
			put_four(dx + d, u, s.D - d, s.aligned);
		}
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
	struct heads s = { H, K, D, (float)eps,
		fours((number *)out, D) && fours((const number *)in, D) &&
		    fours((const float *)wq, D) &&
		    fours((const float *)wk, D) };

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
	struct heads s = { H, K, D, 0,
		fours((number *)din, D) && fours((const number *)dout, D) &&
		    fours((const number *)in, D) &&
		    fours((const float *)wq, D) &&
		    fours((const float *)wk, D) };
	struct head_term<number> q = {
		(const number *)dout, (const number *)in,
		    (const float *)rstd, s, 0, H
	};
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

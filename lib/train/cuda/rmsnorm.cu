/* SPDX-License-Identifier: MIT */
#include "train/cuda/norm.h"
#include "train/ops.h"

/* A block a row. */
template <typename number>
static __global__ void
norm(number *out, float *rstd, const number *in, const float *w, int C,
    float eps, bool aligned)
{
	const number *x = in + (size_t)blockIdx.x * C;
	number *y = out + (size_t)blockIdx.x * C;
	struct four u, v;
	float sum = 0, r;

	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		u = get_four(x + c, C - c, aligned);
		sum += u.v[0] * u.v[0] + u.v[1] * u.v[1] + u.v[2] * u.v[2] +
		       u.v[3] * u.v[3];
	}
	sum = block_sum(sum);
	r = 1 / sqrtf(sum / C + eps);
	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		u = get_four(x + c, C - c, aligned);
		v = get_four(w + c, C - c, aligned);
		UNROLL
		for (int i = 0; i < 4; i++)
			u.v[i] *= r * v.v[i];
		put_four(y + c, u, C - c, aligned);
	}
	if (threadIdx.x == 0)
		rstd[blockIdx.x] = r;
}

template <typename number>
static void
rmsnorm_fwd(void *out, void *rstd, const void *in, const void *w, int N, int C,
    double eps)
{
	bool aligned = fours((number *)out, C) && fours((number *)in, C) &&
		       fours((float *)w, C);

	LAUNCH(norm<number>, (unsigned)N, THREADS, 0, (number *)out,
	    (float *)rstd, (const number *)in, (const float *)w, C, (float)eps,
	    aligned);
}

template <typename number>
static void
rmsnorm_bwd(void *din, void *dw, const void *dout, const void *in,
    const void *w, const void *rstd, int N, int C, int accumulate)
{
	norm_bwd<number>((float *)dw, nullptr,
	    { (number *)din, (const number *)dout, (const number *)in,
		(const float *)w, (const float *)rstd, N, C, false,
		accumulate != 0, false });
}

TYPED(rmsnorm_fwd,
    (void *out, void *rstd, const void *in, const void *w, int N, int C,
	double eps),
    (out, rstd, in, w, N, C, eps))
TYPED(rmsnorm_bwd,
    (void *din, void *dw, const void *dout, const void *in, const void *w,
	const void *rstd, int N, int C, int accumulate),
    (din, dw, dout, in, w, rstd, N, C, accumulate))

/* SPDX-License-Identifier: MIT */
#include "train/cuda/norm.h"
#include "train/ops.h"

template <typename number>
static void
rmsnorm_fwd(void *out, void *rstd, const void *in, const void *w, int N, int C,
    double eps)
{
	norm_fwd<number>({ (number *)out, (float *)rstd, (const number *)in,
	    (const float *)w, nullptr, N, C, (float)eps, false, false });
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

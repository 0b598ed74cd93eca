/* SPDX-License-Identifier: MIT */
#include "train/cuda/norm.h"
#include "train/ops.h"

template <typename number>
static void
layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	norm_fwd<number>({ (number *)out, (float *)stats, (const number *)in,
	    (const float *)w, (const float *)b, N, C, (float)eps, true,
	    false });
}

template <typename number>
static void
layernorm_bwd(void *din, void *dw, void *db, const void *dout, const void *in,
    const void *w, const void *stats, int N, int C, int accumulate)
{
	norm_bwd<number>((float *)dw, (float *)db,
	    { (number *)din, (const number *)dout, (const number *)in,
		(const float *)w, (const float *)stats, N, C, true,
		accumulate != 0, false });
}

TYPED(layernorm_fwd,
    (void *out, void *stats, const void *in, const void *w, const void *b,
	int N, int C, double eps),
    (out, stats, in, w, b, N, C, eps))
TYPED(layernorm_bwd,
    (void *din, void *dw, void *db, const void *dout, const void *in,
	const void *w, const void *stats, int N, int C, int accumulate),
    (din, dw, db, dout, in, w, stats, N, C, accumulate))

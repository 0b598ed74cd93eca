/* SPDX-License-Identifier: MIT */
#include <dnnl.h>

#include "train/cpu/gemm.h"

/*
 * The library would split a product among threads as it sees fit, sums
 * included.  Inside a parallel region it stays on its thread; outside, ours is
 * the only one there is (matmul.c always opens one).
 */
void
gemm(const struct gemm *g)
{
	dnnl_sgemm(g->ta ? 'T' : 'N', g->tb ? 'T' : 'N', (dnnl_dim_t)g->m,
	    (dnnl_dim_t)g->n, (dnnl_dim_t)g->k, g->alpha, g->a,
	    (dnnl_dim_t)g->lda, g->b, (dnnl_dim_t)g->ldb, g->beta, g->c,
	    (dnnl_dim_t)g->ldc);
}

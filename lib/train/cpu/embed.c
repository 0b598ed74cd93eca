/* SPDX-License-Identifier: MIT */
#include <omp.h>
#include <string.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

void
cpu_embed_fwd(void *out, const void *table, const int32_t *ids, int N, int C)
{
	const float *w = table;
	float *o = out;
	size_t c = (size_t)C;
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		memcpy(
		    o + (size_t)i * c, w + (size_t)ids[i] * c, c * sizeof(*o));
}

/* Every thread walks all tokens and adds up the rows that are its own. */
void
cpu_embed_bwd(void *dtable, const void *dout, const int32_t *ids, int N, int C)
{
	const float *g = dout;
	float *dw = dtable;
	size_t c = (size_t)C;

#pragma omp parallel
	{
		int me = omp_get_thread_num(), all = omp_get_num_threads(), i;

		for (i = 0; i < N; i++)
			if (ids[i] % all == me)
				vec_axpy(dw + (size_t)ids[i] * c,
				    g + (size_t)i * c, c, 1);
	}
}

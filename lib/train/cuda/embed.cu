/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/cuda/sort.h"
#include "train/ops.h"

/* A thread four elements of a token's C. */
template <typename number>
static __global__ void
embed(number *out, const float *table, const int32_t *ids, size_t n, size_t C,
    bool aligned)
{
	size_t i = element(), per = (C + 3) / 4, c = i % per * 4, at = i / per;

	if (i < n)
		put_four(out + at * C + c,
		    get_four(table + (size_t)ids[at] * C + c, C - c, aligned),
		    C - c, aligned);
}

/*
 * A block a place in the order by id; the first of each id adds all of its
 * tokens, in the order of the CPU twin: no atomics.
 */
template <typename number>
static __global__ void
embed_grad(float *dtable, const number *dout, const int32_t *ids,
    const int32_t *order, int N, int C, bool aligned)
{
	int at = blockIdx.x, id = ids[order[at]];
	struct four sum, x;

	if (at && ids[order[at - 1]] == id)
		return;
	for (int c = threadIdx.x * 4; c < C; c += 4 * THREADS) {
		float *to = dtable + (size_t)id * C + c;

		sum = get_four(to, C - c, aligned);
		for (int i = at; i < N && ids[order[i]] == id; i++) {
			x = get_four(
			    dout + (size_t)order[i] * C + c, C - c, aligned);
			UNROLL
			for (int k = 0; k < 4; k++)
				sum.v[k] += x.v[k];
		}
		put_four(to, sum, C - c, aligned);
	}
}

template <typename number>
static void
embed_fwd(void *out, const void *table, const int32_t *ids, int N, int C)
{
	size_t n = (size_t)N * (((size_t)C + 3) / 4);

	LAUNCH(embed<number>, blocks(n), THREADS, 0, (number *)out,
	    (const float *)table, ids, n, (size_t)C,
	    fours((number *)out, C) && fours((const float *)table, C));
}

template <typename number>
static void
embed_bwd(void *dtable, const void *dout, const int32_t *ids, int N, int C)
{
	void *memory = device_scratch(sort_size(N));
	const int32_t *order;

	if (!memory)
		return;
	order = sort_tokens(memory, ids, N);
	LAUNCH(embed_grad<number>, (unsigned)N, THREADS, 0, (float *)dtable,
	    (const number *)dout, ids, order, N, C,
	    fours((float *)dtable, C) && fours((const number *)dout, C));
}

TYPED(embed_fwd,
    (void *out, const void *table, const int32_t *ids, int N, int C),
    (out, table, ids, N, C))
TYPED(embed_bwd,
    (void *dtable, const void *dout, const int32_t *ids, int N, int C),
    (dtable, dout, ids, N, C))

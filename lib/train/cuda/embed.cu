/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/cuda/sort.h"
#include "train/ops.h"

template <typename number>
static __global__ void
embed(number *out, const float *table, const int32_t *ids, size_t n, size_t C)
{
	size_t i = element();

	if (i < n)
		put(out + i, table[(size_t)ids[i / C] * C + i % C]);
}

/*
 * A block a place in the order by id; the first of each id adds all of its
 * tokens, in the order of the CPU twin: no atomics.
 */
template <typename number>
static __global__ void
embed_grad(float *dtable, const number *dout, const int32_t *ids,
    const int32_t *order, int N, int C)
{
	int at = blockIdx.x, id = ids[order[at]];
	float sum;

	if (at && ids[order[at - 1]] == id)
		return;
	for (int c = threadIdx.x; c < C; c += THREADS) {
		sum = dtable[(size_t)id * C + c];
		for (int i = at; i < N && ids[order[i]] == id; i++)
			sum += get(dout[(size_t)order[i] * C + c]);
		dtable[(size_t)id * C + c] = sum;
	}
}

template <typename number>
static void
embed_fwd(void *out, const void *table, const int32_t *ids, int N, int C)
{
	size_t n = (size_t)N * (size_t)C;

	LAUNCH(embed<number>, blocks(n), THREADS, 0, (number *)out,
	    (const float *)table, ids, n, (size_t)C);
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
	    (const number *)dout, ids, order, N, C);
}

TYPED(embed_fwd,
    (void *out, const void *table, const int32_t *ids, int N, int C),
    (out, table, ids, N, C))
TYPED(embed_bwd,
    (void *dtable, const void *dout, const int32_t *ids, int N, int C),
    (dtable, dout, ids, N, C))

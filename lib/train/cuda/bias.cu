/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

static __global__ void
add_bias(float *x, const float *b, size_t n, size_t C)
{
	size_t i = element();

	if (i < n)
		x[i] += b[i % C];
}

static __global__ void
add_position(float *x, const float *table, const int32_t *first, size_t n,
    int T, size_t C, int pos)
{
	size_t i = element(), row = i / C, at;

	if (i >= n)
		return;
	at = (size_t)pos + row % (size_t)T - (first ? (size_t)first[row] : 0);
	x[i] += table[at * C + i % C];
}

/*
 * A thread an element of dtable: it looks for its position in every document,
 * which begin where first changes.
 */
static __global__ void
position_grad(float *dtable, const float *dout, const int32_t *first, int B,
    int T, size_t C)
{
	size_t i = element(), c = i % C, row;
	int at = (int)(i / C);
	float sum = 0;

	if (i >= (size_t)T * C)
		return;
	for (int b = 0; b < B; b++)
		for (int t = at; t < (first ? T : at + 1); t++) {
			row = (size_t)b * (size_t)T + (size_t)t;
			if (!first || t - first[row] == at)
				sum += dout[row * C + c];
		}
	dtable[i] += sum;
}

void
cuda_bias_fwd(void *x, const void *b, int N, int C)
{
	size_t n = (size_t)N * (size_t)C;

	LAUNCH(add_bias, blocks(n), THREADS, 0, (float *)x, (const float *)b, n,
	    (size_t)C);
}

void
cuda_bias_bwd(void *db, const void *dout, int N, int C)
{
	add_columns((float *)db, elements{ (const float *)dout, C }, N, C);
}

void
cuda_position_fwd(void *x, const void *table, const int32_t *first, int B,
    int T, int C, int pos)
{
	size_t n = (size_t)B * (size_t)T * (size_t)C;

	LAUNCH(add_position, blocks(n), THREADS, 0, (float *)x,
	    (const float *)table, first, n, T, (size_t)C, pos);
}

void
cuda_position_bwd(
    void *dtable, const void *dout, const int32_t *first, int B, int T, int C)
{
	LAUNCH(position_grad, blocks((size_t)T * (size_t)C), THREADS, 0,
	    (float *)dtable, (const float *)dout, first, B, T, (size_t)C);
}

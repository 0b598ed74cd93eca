/* SPDX-License-Identifier: MIT */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* Four elements of a row a thread, in bias_fwd. */
template <typename number>
static __global__ void
add_bias(number *x, const float *b, size_t n, size_t C, bool aligned)
{
	size_t i = element() * 4, per = (C + 3) / 4 * 4, c = i % per, left = C - c;
	struct four u, v;

	if (i >= n)
		return;
	x += i / per * C + c;
	u = get_four(x, left, aligned);
	v = get_four(b + c, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++)
		u.v[k] += v.v[k];
	put_four(x, u, left, aligned);
}

template <typename number>
static __global__ void
add_position(number *x, const float *table, const int32_t *first, size_t n,
    int T, size_t C, int pos)
{
	size_t i = element(), row = i / C, at;

	if (i >= n)
		return;
	at = (size_t)pos + row % (size_t)T - (first ? (size_t)first[row] : 0);
	put(x + i, get(x[i]) + table[at * C + i % C]);
}

/*
 * A thread an element of dtable: it looks for its position in every document,
 * which begin where first changes.
 */
template <typename number>
static __global__ void
position_grad(float *dtable, const number *dout, const int32_t *first, int B,
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
				sum += get(dout[row * C + c]);
		}
	dtable[i] += sum;
}

template <typename number>
static void
bias_fwd(void *x, const void *b, int N, int C)
{
	size_t n = (size_t)N * (((size_t)C + 3) / 4 * 4);

	LAUNCH(add_bias<number>, blocks_of_fours(n), THREADS, 0, (number *)x,
	    (const float *)b, n, (size_t)C,
	    fours((number *)x, C) && fours((float *)b, C));
}

template <typename number>
static void
bias_bwd(void *db, const void *dout, int N, int C)
{
	add_columns(
	    (float *)db, elements<number>{ (const number *)dout, C }, N, C);
}

template <typename number>
static void
position_fwd(void *x, const void *table, const int32_t *first, int B, int T,
    int C, int pos)
{
	size_t n = (size_t)B * (size_t)T * (size_t)C;

	LAUNCH(add_position<number>, blocks(n), THREADS, 0, (number *)x,
	    (const float *)table, first, n, T, (size_t)C, pos);
}

template <typename number>
static void
position_bwd(
    void *dtable, const void *dout, const int32_t *first, int B, int T, int C)
{
	LAUNCH(position_grad<number>, blocks((size_t)T * (size_t)C), THREADS, 0,
	    (float *)dtable, (const number *)dout, first, B, T, (size_t)C);
}

TYPED(bias_fwd, (void *x, const void *b, int N, int C), (x, b, N, C))
TYPED(bias_bwd, (void *db, const void *dout, int N, int C), (db, dout, N, C))
TYPED(position_fwd,
    (void *x, const void *table, const int32_t *first, int B, int T, int C,
	int pos),
    (x, table, first, B, T, C, pos))
TYPED(position_bwd,
    (void *dtable, const void *dout, const int32_t *first, int B, int T, int C),
    (dtable, dout, first, B, T, C))

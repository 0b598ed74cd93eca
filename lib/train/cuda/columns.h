/* SPDX-License-Identifier: MIT */
/*
 * Sums down the columns of a matrix, for the gradients of weights that every
 * token shares: each block sums a band of rows of 32 columns, then a thread a
 * column adds the bands, in order.  The same sums for every card.
 */
#ifndef TRAIN_CUDA_COLUMNS_H
#define TRAIN_CUDA_COLUMNS_H

#include "train/cuda/device.h"
#include "train/cuda/number.h"

enum { BAND_ROWS = 256 };

/* The simplest term: the matrix's elements. */
template <typename number> struct elements {
	const number *g;
	int C;

	__device__ float
	operator()(int row, int c) const
	{
		return get(g[(size_t)row * C + c]);
	}
};

/* part (bands,C) = the sums of term(row, column) over each band of rows */
template <typename Term>
static __global__ void
band_sums(float *part, Term term, int N, int C)
{
	__shared__ float sums[WARPS][WARP];
	int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
	int c = blockIdx.x * WARP + lane, row = blockIdx.y * BAND_ROWS + warp;
	int end = min(N, (int)(blockIdx.y + 1) * BAND_ROWS);
	float sum = 0;

	for (; c < C && row < end; row += WARPS)
		sum += term(row, c);
	sums[warp][lane] = sum;
	__syncthreads();
	if (warp || c >= C)
		return;
	for (int w = 1; w < WARPS; w++)
		sum += sums[w][lane];
	part[(size_t)blockIdx.y * C + c] = sum;
}

static __global__ void
add_bands(float *out, const float *part, int bands, int C)
{
	size_t c = element();
	float sum = 0;

	if (c >= C)
		return;
	for (int b = 0; b < bands; b++)
		sum += part[(size_t)b * C + c];
	out[c] += sum;
}

static inline unsigned
bands_of(int N)
{
	return (unsigned)((N + BAND_ROWS - 1) / BAND_ROWS);
}

/* out (C) += the sums of term(row, column), row < N; part (bands_of(N),C) */
template <typename Term>
static void
add_columns_by(float *part, float *out, Term term, int N, int C)
{
	unsigned bands = bands_of(N);

	LAUNCH(band_sums, dim3((unsigned)((C + WARP - 1) / WARP), bands),
	    THREADS, 0, part, term, N, C);
	LAUNCH(
	    add_bands, blocks((size_t)C), THREADS, 0, out, part, (int)bands, C);
}

/* ... with memory of its own. */
template <typename Term>
static void
add_columns(float *out, Term term, int N, int C)
{
	size_t n = bands_of(N) * (size_t)C;
	float *part = (float *)device_scratch(n * sizeof(float));

	if (part)
		add_columns_by(part, out, term, N, C);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The way back of norms of rows, x = (in - mean) * r (no mean for RMSNorm):
 *	din = r (g w - mean(g w) - x mean(g w x)), g = dout;  dw += g x, db += g
 * A block has a band of rows, which it reads once: a thread's columns stay in
 * its registers, and what it adds up of the weights' gradients too.
 */
#ifndef TRAIN_CUDA_NORM_H
#define TRAIN_CUDA_NORM_H

#include "train/cuda/columns.h"
#include "train/cuda/device.h"

/* So few rows that there are blocks enough, so many that sums are seldom
 * written. */
enum { NORM_BAND = 32, MOST_FOURS = 8 };

/* What norms left, and what comes back; db is NULL without mean. */
template <typename number> struct norm_back {
	number *din;
	const number *dout, *in;
	const float *w, *stats; /* (N): r, or (N,2): mean, r */
	int N, C;
	bool centered, accumulate, aligned;

	__device__ float
	mean(int row) const
	{
		return centered ? stats[2 * row] : 0;
	}
	__device__ float
	r(int row) const
	{
		return centered ? stats[2 * row + 1] : stats[row];
	}
};

/* The gradient of four elements of a row. */
template <typename number>
static __device__ __forceinline__ void
write_din(const struct norm_back<number> &n, int row, int c,
    const struct four &g, const struct four &x, float sum, float along)
{
	size_t at = (size_t)row * n.C + c, left = c < n.C ? n.C - c : 0;
	struct four w = get_four(n.w + c, left, n.aligned), d = {};
	float mean = n.mean(row), r = n.r(row);

	if (n.accumulate)
		d = get_four(n.din + at, left, n.aligned);
	UNROLL
	for (int i = 0; i < 4; i++)
		d.v[i] +=
		    r * (g.v[i] * w.v[i] - sum - (x.v[i] - mean) * r * along);
	put_four(n.din + at, d, left, n.aligned);
}

/* part (bands,C), and as many again with mean: sums of weights' gradients. */
template <typename number, int FOURS>
static __global__ void
norm_band(float *part, const struct norm_back<number> n)
{
	float dw[FOURS][4] = {}, db[FOURS][4] = {};
	int first = blockIdx.x * NORM_BAND, end = min(n.N, first + NORM_BAND);

	for (int row = first; row < end; row++) {
		float mean = n.mean(row), r = n.r(row), sum = 0, along = 0;
		struct four g[FOURS], x[FOURS];

		UNROLL
		for (int k = 0; k < FOURS; k++) {
			int c = (k * THREADS + threadIdx.x) * 4;
			size_t left = c < n.C ? n.C - c : 0;
			size_t at = (size_t)row * n.C + c;
			struct four w = get_four(n.w + c, left, n.aligned);

			g[k] = get_four(n.dout + at, left, n.aligned);
			x[k] = get_four(n.in + at, left, n.aligned);
			UNROLL
			for (int i = 0; i < 4; i++) {
				float y = (x[k].v[i] - mean) * r;

				sum += g[k].v[i] * w.v[i];
				along += g[k].v[i] * w.v[i] * y;
				dw[k][i] += g[k].v[i] * y;
				db[k][i] += g[k].v[i];
			}
		}
		sum = n.centered ? block_sum(sum) / n.C : 0;
		along = block_sum(along) / n.C;
		UNROLL
		for (int k = 0; k < FOURS; k++)
			write_din(n, row, (k * THREADS + threadIdx.x) * 4, g[k],
			    x[k], sum, along);
	}
	UNROLL
	for (int k = 0; k < FOURS; k++) {
		int c = (k * THREADS + threadIdx.x) * 4;
		size_t left = c < n.C ? n.C - c : 0;
		float *to = part + (size_t)blockIdx.x * n.C + c;
		bool aligned = n.C % 4 == 0;

		put_four(to, { { dw[k][0], dw[k][1], dw[k][2], dw[k][3] } },
		    left, aligned);
		if (n.centered)
			put_four(to + (size_t)gridDim.x * n.C,
			    { { db[k][0], db[k][1], db[k][2], db[k][3] } },
			    left, aligned);
	}
}

/* Rows that are too long for that: a block a row. */
template <typename number>
static __global__ void
norm_row(const struct norm_back<number> n)
{
	int row = blockIdx.x;
	size_t at = (size_t)row * n.C;
	float mean = n.mean(row), r = n.r(row), sum = 0, along = 0;

	for (int c = threadIdx.x; c < n.C; c += THREADS) {
		float g = get(n.dout[at + c]) * n.w[c];

		sum += g;
		along += g * (get(n.in[at + c]) - mean) * r;
	}
	sum = n.centered ? block_sum(sum) / n.C : 0;
	along = block_sum(along) / n.C;
	for (int c = threadIdx.x * 4; c < n.C; c += 4 * THREADS)
		write_din(n, row, c,
		    get_four(n.dout + at + c, n.C - c, n.aligned),
		    get_four(n.in + at + c, n.C - c, n.aligned), sum, along);
}

template <typename number> struct norm_weight {
	struct norm_back<number> n;

	__device__ float
	operator()(int row, int c) const
	{
		size_t i = (size_t)row * n.C + c;

		return get(n.dout[i]) * (get(n.in[i]) - n.mean(row)) * n.r(row);
	}
};

template <typename number>
static void
norm_bwd(float *dw, float *db, struct norm_back<number> n)
{
	unsigned bands = (unsigned)((n.N + NORM_BAND - 1) / NORM_BAND);
	size_t size = (size_t)bands * n.C, sums = bands_of(bands) * (size_t)n.C;
	float *part;

	n.centered = db != nullptr;
	n.aligned = fours(n.din, n.C) && fours(n.dout, n.C) &&
		    fours(n.in, n.C) && fours(n.w, n.C);
	if (n.C > MOST_FOURS * 4 * THREADS) {
		LAUNCH(norm_row<number>, (unsigned)n.N, THREADS, 0, n);
		add_columns(dw, norm_weight<number>{ n }, n.N, n.C);
		if (db)
			add_columns(
			    db, elements<number>{ n.dout, n.C }, n.N, n.C);
		return;
	}
	part = (float *)device_scratch(
	    (2 * size + (sums + 3) / 4 * 4) * sizeof(float));
	if (!part)
		return;
	if (n.C <= 4 * THREADS)
		LAUNCH((norm_band<number, 1>), bands, THREADS, 0, part, n);
	else if (n.C <= 2 * 4 * THREADS)
		LAUNCH((norm_band<number, 2>), bands, THREADS, 0, part, n);
	else if (n.C <= 4 * 4 * THREADS)
		LAUNCH((norm_band<number, 4>), bands, THREADS, 0, part, n);
	else
		LAUNCH((norm_band<number, MOST_FOURS>), bands, THREADS, 0, part,
		    n);
	add_columns_by(
	    part + 2 * size, dw, elements<float>{ part, n.C }, (int)bands, n.C);
	if (db)
		add_columns_by(part + 2 * size, db,
		    elements<float>{ part + size, n.C }, (int)bands, n.C);
}

#endif

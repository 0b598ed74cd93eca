/* SPDX-License-Identifier: MIT */
/*
 * Norms of rows, out = w x (+ b), x = (in - mean) * r (no mean for RMSNorm),
 *and the way back: din = r (g w - mean(g w) - x mean(g w x)), g = dout;  dw +=
 *g x, db += g P threads have a row, each E times eight of its columns in
 *registers, so that memory is read once.  On the way back they go down a band
 *of rows, with the next one under way, and keep the sums of their columns.
 */
#ifndef TRAIN_CUDA_NORM_H
#define TRAIN_CUDA_NORM_H

#include "train/cuda/columns.h"
#include "train/cuda/device.h"

/* So few rows that there are blocks enough, so many that sums are seldom
 * written; and the longest row. */
enum { NORM_BAND = 32, MOST_EIGHTS = 4, NORM_MOST = MOST_EIGHTS * 8 * THREADS };

/*
 * Sums of x and y over the P threads of a row; all of the block call it, turn
 * after turn: one barrier is enough, since turns take different places.
 */
template <int P>
static __device__ __forceinline__ float2
row_sums(float x, float y, int turn)
{
	__shared__ float2 part[2][WARPS];
	constexpr int N = P / WARP;
	int warp = threadIdx.x / WARP;
	float2 sum = { warp_sum(x), warp_sum(y) };

	if (N == 1)
		return sum;
	if (threadIdx.x % WARP == 0)
		part[turn % 2][warp] = sum;
	__syncthreads();
	sum = part[turn % 2][warp / N * N];
	UNROLL
	for (int i = 1; i < N; i++) {
		sum.x += part[turn % 2][warp / N * N + i].x;
		sum.y += part[turn % 2][warp / N * N + i].y;
	}
	return sum;
}

/* Which columns a thread has: eight from its k-th place on. */
template <int P>
static __device__ __forceinline__ int
column_at(int k)
{
	return (k * P + threadIdx.x % P) * 8;
}

/* A norm of rows; b is NULL without mean.  stats (N): r, or (N,2): mean, r. */
template <typename number> struct norm_rows {
	number *out;
	float *stats;
	const number *in;
	const float *w, *b;
	int N, C;
	float eps;
	bool centered, aligned;
};

template <typename number, int P, int E>
static __global__ void
__launch_bounds__(THREADS) norm(const struct norm_rows<number> n)
{
	int row = blockIdx.x * (THREADS / P) + threadIdx.x / P;
	size_t at = (size_t)min(row, n.N - 1) * n.C;
	float mean = 0, sum = 0, square = 0, r;
	struct eight x[E];

	UNROLL
	for (int k = 0; k < E; k++) {
		int c = column_at<P>(k);

		x[k] = unpack(fetch_eight(n.in + at + c, n.C - c, n.aligned));
		UNROLL
		for (int i = 0; i < 8; i++)
			sum += x[k].v[i];
	}
	/* The variance from the differences, not from the squares. */
	if (n.centered)
		mean = row_sums<P>(sum, 0, 0).x / n.C;
	UNROLL
	for (int k = 0; k < E; k++)
		UNROLL
	for (int i = 0; i < 8; i++)
		if (column_at<P>(k) + i < n.C) {
			x[k].v[i] -= mean;
			square += x[k].v[i] * x[k].v[i];
		}
	r = 1 / sqrtf(row_sums<P>(square, 0, 1).x / n.C + n.eps);
	if (row >= n.N)
		return;
	UNROLL
	for (int k = 0; k < E; k++) {
		int c = column_at<P>(k), left = n.C - c;
		struct eight w, b = {};

		w = unpack(fetch_eight(n.w + c, left, n.aligned));
		if (n.centered)
			b = unpack(fetch_eight(n.b + c, left, n.aligned));
		UNROLL
		for (int i = 0; i < 8; i++)
			x[k].v[i] = x[k].v[i] * r * w.v[i] + b.v[i];
		put_eight(n.out + at + c, x[k], left, n.aligned);
	}
	if (threadIdx.x % P == 0 && n.centered)
		*(float2 *)(n.stats + 2 * row) = { mean, r };
	else if (threadIdx.x % P == 0)
		n.stats[row] = r;
}

/* Rows that are too long for that: a block a row. */
template <typename number>
static __global__ void
norm_long(const struct norm_rows<number> n)
{
	size_t at = (size_t)blockIdx.x * n.C;
	float mean = 0, sum = 0, square = 0, r;

	for (int c = threadIdx.x; n.centered && c < n.C; c += THREADS)
		sum += get(n.in[at + c]);
	if (n.centered)
		mean = block_sum(sum) / n.C;
	for (int c = threadIdx.x; c < n.C; c += THREADS) {
		float x = get(n.in[at + c]) - mean;

		square += x * x;
	}
	r = 1 / sqrtf(block_sum(square) / n.C + n.eps);
	for (int c = threadIdx.x; c < n.C; c += THREADS)
		put(n.out + at + c, (get(n.in[at + c]) - mean) * r * n.w[c] +
					(n.centered ? n.b[c] : 0));
	if (threadIdx.x == 0 && n.centered)
		n.stats[2 * blockIdx.x] = mean;
	if (threadIdx.x == 0)
		n.stats[n.centered ? 2 * blockIdx.x + 1 : blockIdx.x] = r;
}

/* CALL(threads a row, eights a thread) for rows of at most NORM_MOST. */
#define BY_ROW(C, call) \
	do { \
		if ((C) <= 8 * 32) \
			call(32, 1); \
		else if ((C) <= 8 * 64) \
			call(64, 1); \
		else if ((C) <= 8 * 128) \
			call(128, 1); \
		else if ((C) <= 8 * 256) \
			call(256, 1); \
		else if ((C) <= 8 * 512) \
			call(256, 2); \
		else \
			call(256, 4); \
	} while (0)

/* Blocks of THREADS, P threads a row. */
static inline unsigned
blocks_of_rows(int N, int P, int rows)
{
	int each = THREADS / P * rows;

	return (unsigned)((N + each - 1) / each);
}

template <typename number>
static void
norm_fwd(struct norm_rows<number> n)
{
	n.centered = n.b != nullptr;
	n.aligned = eights(n.out, n.C) && eights(n.in, n.C) &&
		    eights(n.w, n.C) && eights(n.b, n.C);
	if (n.C > NORM_MOST) {
		LAUNCH(norm_long<number>, (unsigned)n.N, THREADS, 0, n);
		return;
	}
#define RUN(P, E) \
	LAUNCH((norm<number, P, E>), blocks_of_rows(n.N, P, 1), THREADS, 0, n)
	BY_ROW(n.C, RUN);
#undef RUN
}

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

/* A thread's part of one row on the way back. */
template <typename number, int P, int E> struct row_back {
	struct packed<number> g[E], x[E], d[E];
	float mean, r;

	/* Begins to read it; nothing of a row that there isn't. */
	__device__ __forceinline__ void
	read(const struct norm_back<number> &n, int row)
	{
		bool there = row < n.N;

		mean = there ? n.mean(row) : 0;
		r = there ? n.r(row) : 0;
		UNROLL
		for (int k = 0; k < E; k++) {
			int c = column_at<P>(k), left = there ? n.C - c : 0;
			size_t at = (size_t)row * n.C + c;

			g[k] = fetch_eight(n.dout + at, left, n.aligned);
			x[k] = fetch_eight(n.in + at, left, n.aligned);
			d[k] = fetch_eight(
			    n.din + at, n.accumulate ? left : 0, n.aligned);
		}
	}
};

/* Sums down a band of a thread's columns: of the weights' gradients. */
template <int E> struct band_grads {
	float w[E][8], b[E][8];
};

/* One row: its gradient, and its share of the weights'. */
template <bool CENTERED, typename number, int P, int E>
static __device__ __forceinline__ void
back_row(const struct norm_back<number> &n, struct band_grads<E> &sums,
    const struct row_back<number, P, E> &here, const struct eight (&w)[E],
    int row, int turn)
{
	float sum = 0, along = 0;
	float2 all;

	UNROLL
	for (int k = 0; k < E; k++) {
		struct eight g = unpack(here.g[k]), x = unpack(here.x[k]);

		UNROLL
		for (int i = 0; i < 8; i++) {
			float y = (x.v[i] - here.mean) * here.r;

			sum += g.v[i] * w[k].v[i];
			along += g.v[i] * w[k].v[i] * y;
			sums.w[k][i] += g.v[i] * y;
			if (CENTERED)
				sums.b[k][i] += g.v[i];
		}
	}
	all = row_sums<P>(sum, along, turn);
	all.x = CENTERED ? all.x / n.C : 0;
	all.y /= n.C;
	if (row >= n.N)
		return;
	UNROLL
	for (int k = 0; k < E; k++) {
		struct eight g = unpack(here.g[k]), x = unpack(here.x[k]);
		struct eight d = unpack(here.d[k]);
		int c = column_at<P>(k);

		UNROLL
		for (int i = 0; i < 8; i++)
			d.v[i] +=
			    here.r * (g.v[i] * w[k].v[i] - all.x -
					 (x.v[i] - here.mean) * here.r * all.y);
		put_eight(n.din + (size_t)row * n.C + c, d, n.C - c, n.aligned);
	}
}

/*
 * part (blocks * THREADS / P, C), and as many again with mean: sums of weights'
 * gradients.
 */
template <typename number, int P, int E, bool CENTERED>
static __global__ void
__launch_bounds__(THREADS, E > 1                            ? 1
			   : CENTERED || sizeof(number) > 2 ? 2
							    : 3)
    norm_band(float *part, const struct norm_back<number> n)
{
	constexpr int GROUPS = THREADS / P;
	int group = threadIdx.x / P, first = blockIdx.x * NORM_BAND * GROUPS;
	int end = min(n.N, first + NORM_BAND * GROUPS), turn = 0;
	size_t size = (size_t)gridDim.x * GROUPS * n.C;
	struct row_back<number, P, E> here, next;
	constexpr bool AHEAD = E < MOST_EIGHTS; /* as registers allow */
	struct band_grads<E> sums = {
	};
	struct eight w[E];

	UNROLL
	for (int k = 0; k < E; k++) {
		int c = column_at<P>(k);

		w[k] = unpack(fetch_eight(n.w + c, n.C - c, n.aligned));
	}
	if (AHEAD)
		here.read(n, first + group);
	for (int row = first; row < end; row += GROUPS) {
		if (AHEAD)
			next.read(
			    n, row + GROUPS < end ? row + GROUPS + group : n.N);
		else
			here.read(n, row + group);
		back_row<CENTERED>(n, sums, here, w, row + group, turn++);
		if (AHEAD)
			here = next;
	}
	UNROLL
	for (int k = 0; k < E; k++) {
		int c = column_at<P>(k);
		float *to =
		    part + ((size_t)blockIdx.x * GROUPS + group) * n.C + c;

		for (int i = 0; i < 8 && c + i < n.C; i++) {
			to[i] = sums.w[k][i];
			if (CENTERED)
				to[size + i] = sums.b[k][i];
		}
	}
}

/*
 * out (C) += the sums of the rows of part (rows,C): a block eight columns, a
 * thread every 32nd row of one.
 */
static __global__ void
add_rows(float *out, const float *part, int rows, int C)
{
	__shared__ float sums[WARP][THREADS / WARP];
	int c = threadIdx.x % WARPS, first = threadIdx.x / WARPS;
	int column = blockIdx.x * WARPS + c;
	float sum = 0;

	for (int row = first; column < C && row < rows; row += WARP)
		sum += part[(size_t)row * C + column];
	sums[first][c] = sum;
	__syncthreads();
	if (first || column >= C)
		return;
	for (int i = 1; i < WARP; i++)
		sum += sums[i][c];
	out[column] += sum;
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
	for (int c = threadIdx.x; c < n.C; c += THREADS) {
		float x = (get(n.in[at + c]) - mean) * r;
		float d = n.accumulate ? get(n.din[at + c]) : 0;

		put(n.din + at + c,
		    d + r * (get(n.dout[at + c]) * n.w[c] - sum - x * along));
	}
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

/* The way back of the norm of long rows. */
template <typename number>
static void
norm_bwd_long(float *dw, float *db, const struct norm_back<number> &n)
{
	/* First the weights': din may be dout's place. */
	add_columns(dw, norm_weight<number>{ n }, n.N, n.C);
	if (db)
		add_columns(db, elements<number>{ n.dout, n.C }, n.N, n.C);
	LAUNCH(norm_row<number>, (unsigned)n.N, THREADS, 0, n);
}

template <typename number, int P, int E>
static void
norm_bwd_bands(float *dw, float *db, const struct norm_back<number> &n)
{
	unsigned blocks = blocks_of_rows(n.N, P, NORM_BAND);
	unsigned columns = (unsigned)((n.C + WARPS - 1) / WARPS);
	int rows = (int)blocks * (THREADS / P);
	size_t size = (size_t)rows * n.C;
	float *part =
	    (float *)device_scratch((db ? 2 : 1) * size * sizeof(float));

	if (!part)
		return;
	if (db)
		LAUNCH((norm_band<number, P, E, true>), blocks, THREADS, 0,
		    part, n);
	else
		LAUNCH((norm_band<number, P, E, false>), blocks, THREADS, 0,
		    part, n);
	LAUNCH(add_rows, columns, THREADS, 0, dw, part, rows, n.C);
	if (db)
		LAUNCH(
		    add_rows, columns, THREADS, 0, db, part + size, rows, n.C);
}

template <typename number>
static void
norm_bwd(float *dw, float *db, struct norm_back<number> n)
{
	n.centered = db != nullptr;
	n.aligned = eights(n.din, n.C) && eights(n.dout, n.C) &&
		    eights(n.in, n.C) && eights(n.w, n.C);
	if (n.C > NORM_MOST) {
		norm_bwd_long(dw, db, n);
		return;
	}
#define RUN(P, E) norm_bwd_bands<number, P, E>(dw, db, n)
	BY_ROW(n.C, RUN);
#undef RUN
}

#endif

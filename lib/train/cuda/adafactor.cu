/* SPDX-License-Identifier: MIT */
/*
 * A block a row, then the columns in bands (columns.h).  What the whole matrix
 * has in common stays on the card: nothing here waits.
 */
#include "train/cuda/columns.h"
#include "train/ops.h"

/* Of the whole matrix, in double. */
struct totals {
	double rows;    /* sum of row */
	double updates; /* sum of u^2 before it is limited */
	double weights; /* sum of p^2 */
};

/* Squares of the gradient's share in the running mean over rows. */
struct squares {
	const float *g;
	int C;
	float scale, share;

	__device__ float
	operator()(int row, int c) const
	{
		float x = g[(size_t)row * C + c] * scale;

		return share * x * x;
	}
};

static __global__ void
renew_rows(float *row, const float *g, int C, const struct adafactor o)
{
	const float *x = g + (size_t)blockIdx.x * C;
	double sum = 0;

	for (int c = threadIdx.x; c < C; c += THREADS)
		sum += (double)x[c] * x[c];
	sum = block_sum(sum) * o.scale * o.scale / C + ADAFACTOR_EPS;
	if (threadIdx.x == 0)
		row[blockIdx.x] = (float)(o.beta2 * row[blockIdx.x] +
					  (1 - o.beta2) * sum);
}

/* What is left of the columns' means; the gradient's share is added. */
static __global__ void
fade(float *col, int C, double beta2)
{
	size_t c = element();

	if (c < C)
		col[c] = (float)(beta2 * col[c] + (1 - beta2) * ADAFACTOR_EPS);
}

/* part (rows,3): what a row has of the totals. */
static __global__ void
row_totals(struct totals *part, const float *p, const float *g,
    const float *row, const float *col, int C)
{
	size_t at = (size_t)blockIdx.x * C;
	double r = row[blockIdx.x], u = 0, w = 0, x;

	for (int c = threadIdx.x; c < C; c += THREADS) {
		x = g[at + c];
		u += x * x / col[c];
		w += (double)p[at + c] * p[at + c];
	}
	u = block_sum(u);
	w = block_sum(w);
	if (threadIdx.x == 0)
		part[blockIdx.x] = { r, u / r, w };
}

static __global__ void
add_totals(struct totals *out, const struct totals *part, int rows)
{
	struct totals s = { 0, 0, 0 };

	for (int i = threadIdx.x; i < rows; i += THREADS) {
		s.rows += part[i].rows;
		s.updates += part[i].updates;
		s.weights += part[i].weights;
	}
	s.rows = block_sum(s.rows);
	s.updates = block_sum(s.updates);
	s.weights = block_sum(s.weights);
	if (threadIdx.x == 0)
		*out = s;
}

/* What every element of u is multiplied by, but for its row and column. */
static __device__ double
common_step(const struct totals *t, int rows, int C, const struct adafactor *o)
{
	double n = (double)rows * C, mean = t->rows / rows;
	double size = sqrt(t->updates * mean / n) * o->scale / o->limit;
	double step = o->lr * o->scale * sqrt(mean) / fmax(1.0, size);

	return o->by_rms ? step * fmax(ADAFACTOR_LEAST, sqrt(t->weights / n))
			 : step;
}

static __global__ void
apply(float *p, const float *g, float *m, const float *row, const float *col,
    const struct totals *t, int rows, int C, const struct adafactor o)
{
	size_t at = (size_t)blockIdx.x * C;
	float x = (float)(common_step(t, rows, C, &o) /
			  sqrt((double)row[blockIdx.x]));
	float keep = (float)(1 - o.lr * o.decay), b1 = (float)o.beta1, u;

	for (int c = threadIdx.x; c < C; c += THREADS) {
		u = g[at + c] / sqrtf(col[c]) * x;
		if (m)
			u = m[at + c] =
			    b1 * m[at + c] + (float)(1 - o.beta1) * u;
		p[at + c] = keep * p[at + c] - u;
	}
}

void
cuda_adafactor(void *p, const void *g, void *m, void *row, void *col, int rows,
    int cols, const struct adafactor *o)
{
	const float *x = (const float *)g;
	struct squares squares = { x, cols, (float)o->scale,
		(float)((1 - o->beta2) / rows) };
	struct totals *t;

	LAUNCH(renew_rows, (unsigned)rows, THREADS, 0, (float *)row, x, cols,
	    *o);
	LAUNCH(fade, blocks((size_t)cols), THREADS, 0, (float *)col, cols,
	    o->beta2);
	add_columns((float *)col, squares, rows, cols);
	t = (struct totals *)device_scratch(
	    ((size_t)rows + 1) * sizeof(*t));
	if (!t)
		return;
	LAUNCH(row_totals, (unsigned)rows, THREADS, 0, t + 1, (float *)p, x,
	    (float *)row, (float *)col, cols);
	LAUNCH(add_totals, 1, THREADS, 0, t, t + 1, rows);
	LAUNCH(apply, (unsigned)rows, THREADS, 0, (float *)p, x, (float *)m,
	    (float *)row, (float *)col, t, rows, cols, *o);
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/cpu/scratch.h"
#include "train/cpu/vec.h"
#include "train/ops.h"

/*
 * A matrix is cut into so many bands of rows, whatever the number of threads;
 * what they come to is added up in order.
 */
enum { BANDS = 64 };

typedef float few __attribute__((vector_size(VEC_LANES * sizeof(float))));
typedef double wide __attribute__((vector_size(VEC_LANES * sizeof(double))));

struct update {
	const struct adafactor *o;
	float *p, *m, *row, *col;
	const float *g;
	size_t rows, cols;
	double *sums; /* (BANDS, cols) of squares, down the columns */
	float *root;  /* (cols): 1 / sqrt(col) */
	double mean;  /* of row */
	double step;  /* what u is multiplied by */
};

static size_t
band(const struct update *a, size_t b)
{
	return b * a->rows / BANDS;
}

/* Adds the squares of a row to those of the columns; returns their sum. */
SIMD static double
add_squares(double *sum, const float *g, size_t n)
{
	double part[VEC_LANES], s = 0, x;
	wide all = { 0 }, d, c;
	size_t i;
	few v;

	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&v, g + i, sizeof(v));
		memcpy(&c, sum + i, sizeof(c));
		d = __builtin_convertvector(v, wide);
		d *= d;
		all += d;
		c += d;
		memcpy(sum + i, &c, sizeof(c));
	}
	for (; i < n; i++) {
		x = (double)g[i] * (double)g[i];
		sum[i] += x;
		s += x;
	}
	memcpy(part, &all, sizeof(part));
	for (i = 0; i < VEC_LANES; i++)
		s += part[i];
	return s;
}

/* The running mean, after a sum of so many squares. */
static float
renew(const struct update *a, float was, double sum, size_t n)
{
	double b = a->o->beta2, scale = a->o->scale * a->o->scale;

	return (float)(b * (double)was +
		       (1 - b) * (sum * scale / (double)n + ADAFACTOR_EPS));
}

static void
renew_rows(const struct update *a, size_t b)
{
	double *sum = a->sums + b * a->cols;
	size_t i;

	memset(sum, 0, a->cols * sizeof(*sum));
	for (i = band(a, b); i < band(a, b + 1); i++)
		a->row[i] = renew(a, a->row[i],
		    add_squares(sum, a->g + i * a->cols, a->cols), a->cols);
}

static void
renew_column(const struct update *a, size_t j)
{
	double sum = 0;
	size_t b;

	for (b = 0; b < BANDS; b++)
		sum += a->sums[b * a->cols + j];
	a->col[j] = renew(a, a->col[j], sum, a->rows);
	a->root[j] = (float)(1 / sqrt((double)a->col[j]));
}

static double
mean_row(const struct update *a)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < a->rows; i++)
		sum += (double)a->row[i];
	return sum / (double)a->rows;
}

/* Sum of (g[i] * root[i])^2. */
SIMD static double
scaled_sumsq(const float *g, const float *root, size_t n)
{
	double part[VEC_LANES], s = 0, x;
	wide all = { 0 }, d;
	few u, v;
	size_t i;

	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&u, g + i, sizeof(u));
		memcpy(&v, root + i, sizeof(v));
		d = __builtin_convertvector(u, wide) *
		    __builtin_convertvector(v, wide);
		all += d * d;
	}
	for (; i < n; i++) {
		x = (double)g[i] * (double)root[i];
		s += x * x;
	}
	memcpy(part, &all, sizeof(part));
	for (i = 0; i < VEC_LANES; i++)
		s += part[i];
	return s;
}

/* The root mean square of the update, or of the weights. */
static double
rms(const struct update *a, bool weights)
{
	double part[BANDS], sum = 0;
	size_t b;

#pragma omp parallel for
	for (b = 0; b < BANDS; b++) {
		size_t i, c = a->cols;

		part[b] = 0;
		for (i = band(a, b); i < band(a, b + 1); i++)
			part[b] +=
			    weights ? vec_sumsq(a->p + i * c, c)
				    : scaled_sumsq(a->g + i * c, a->root, c) /
					  (double)a->row[i];
	}
	for (b = 0; b < BANDS; b++)
		sum += part[b];
	return sqrt(sum / ((double)a->rows * (double)a->cols));
}

/* p and m of a row; x: what is the same in all of it. */
SIMD static void
apply(const struct update *a, size_t i, float x)
{
	float keep = (float)(1 - a->o->lr * a->o->decay);
	float b1 = (float)a->o->beta1, r1 = (float)(1 - a->o->beta1);
	const float *g = a->g + i * a->cols, *root = a->root;
	float *p = a->p + i * a->cols, *m = a->m + i * a->cols;
	size_t j;

	if (a->m) {
#pragma omp simd
		for (j = 0; j < a->cols; j++) {
			m[j] = b1 * m[j] + r1 * (g[j] * root[j] * x);
			p[j] = keep * p[j] - m[j];
		}
		return;
	}
#pragma omp simd
	for (j = 0; j < a->cols; j++)
		p[j] = keep * p[j] - g[j] * root[j] * x;
}

static void
run(struct update *a)
{
	double scale = a->o->scale, size;
	size_t i;

#pragma omp parallel for
	for (i = 0; i < BANDS; i++)
		renew_rows(a, i);
#pragma omp parallel for
	for (i = 0; i < a->cols; i++)
		renew_column(a, i);
	a->mean = mean_row(a);
	size = rms(a, false) * scale * sqrt(a->mean) / a->o->limit;
	a->step = a->o->lr * scale / (size > 1 ? size : 1);
	if (a->o->by_rms)
		a->step *= fmax(ADAFACTOR_LEAST, rms(a, true));
#pragma omp parallel for
	for (i = 0; i < a->rows; i++)
		apply(
		    a, i, (float)(a->step * sqrt(a->mean / (double)a->row[i])));
}

void
cpu_adafactor(void *p, const void *g, void *m, void *row, void *col, int rows,
    int cols, const struct adafactor *o)
{
	struct update a = { .o = o,
		.p = p,
		.m = m,
		.row = row,
		.col = col,
		.g = g,
		.rows = (size_t)rows,
		.cols = (size_t)cols };
	struct scratch s =
	    scratch_take(a.cols * (BANDS * sizeof(*a.sums) + sizeof(*a.root)));

	if (!s.p)
		return;
	a.sums = s.p;
	a.root = (float *)(a.sums + BANDS * a.cols);
	run(&a);
	scratch_give(s);
}

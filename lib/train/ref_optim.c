/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/ref.h"

void
ref_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	double *w = p, *m1 = m, *m2 = v, x;
	size_t i;

	for (i = 0; i < n; i++) {
		x = ((const double *)g)[i] * o->scale;
		m1[i] = o->beta1 * m1[i] + (1 - o->beta1) * x;
		m2[i] = o->beta2 * m2[i] + (1 - o->beta2) * x * x;
		w[i] -=
		    o->lr * (m1[i] / o->c1 / (sqrt(m2[i] / o->c2) + o->eps) +
				o->decay * w[i]);
	}
}

void
ref_lion(void *p, const void *g, void *m, size_t n, const struct adamw *o)
{
	double *w = p, *mean = m, x, u;
	size_t i;

	for (i = 0; i < n; i++) {
		x = ((const double *)g)[i] * o->scale;
		u = o->beta1 * mean[i] + (1 - o->beta1) * x;
		mean[i] = o->beta2 * mean[i] + (1 - o->beta2) * x;
		w[i] -= o->lr * ((u > 0) - (u < 0) + o->decay * w[i]);
	}
}

/* The running means of a matrix's squares over columns and over rows. */
static void
ref_squares(double *row, double *col, const double *g, int rows, int cols,
    const struct adafactor *o)
{
	double keep = o->beta2, sum;
	int i, j;

	for (i = 0; i < rows; i++) {
		for (sum = 0, j = 0; j < cols; j++)
			sum += pow(
			    g[(size_t)i * (size_t)cols + (size_t)j] * o->scale,
			    2);
		row[i] =
		    keep * row[i] + (1 - keep) * (sum / cols + ADAFACTOR_EPS);
	}
	for (j = 0; j < cols; j++) {
		for (sum = 0, i = 0; i < rows; i++)
			sum += pow(
			    g[(size_t)i * (size_t)cols + (size_t)j] * o->scale,
			    2);
		col[j] =
		    keep * col[j] + (1 - keep) * (sum / rows + ADAFACTOR_EPS);
	}
}

static double
ref_rms(const double *x, size_t n)
{
	double sum;

	ref_sumsq(&sum, x, n);
	return sqrt(sum / (double)n);
}

void
ref_adafactor(void *p, const void *g, void *m, void *row, void *col, int rows,
    int cols, const struct adafactor *o)
{
	const double *x = g, *r = row, *c = col;
	double *w = p, *mean = m, all = 0, sum = 0, size, u, lr = o->lr;
	size_t n = (size_t)rows * (size_t)cols, i;

	ref_squares(row, col, g, rows, cols, o);
	for (i = 0; i < (size_t)rows; i++)
		all += r[i] / rows;
	for (i = 0; i < n; i++)
		sum += pow(x[i] * o->scale, 2) * all /
		       (r[i / (size_t)cols] * c[i % (size_t)cols]);
	size = fmax(1, sqrt(sum / (double)n) / o->limit);
	if (o->by_rms)
		lr *= fmax(ADAFACTOR_LEAST, ref_rms(p, n));
	for (i = 0; i < n; i++) {
		u = lr * x[i] * o->scale *
		    sqrt(all / (r[i / (size_t)cols] * c[i % (size_t)cols])) /
		    size;
		if (mean)
			u = mean[i] = o->beta1 * mean[i] + (1 - o->beta1) * u;
		w[i] -= u + o->lr * o->decay * w[i];
	}
}

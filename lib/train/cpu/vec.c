/* SPDX-License-Identifier: MIT */
#include "train/cpu/vec.h"

/* VEC_LANES floats, in as many registers as the machine needs for them. */
typedef float lanes __attribute__((vector_size(VEC_LANES * sizeof(float))));

/* A fixed tree, so that the order of the sum is. */
static inline float
fold_sum(const lanes *v)
{
	float s[VEC_LANES];
	int i, w;

	memcpy(s, v, sizeof(s));
	for (w = VEC_LANES / 2; w; w /= 2)
		for (i = 0; i < w; i++)
			s[i] += s[i + w];
	return s[0];
}

SIMD float
vec_dot(const float *a, const float *b, size_t n)
{
	lanes s = { 0 }, x, y;
	float rest[VEC_LANES] = { 0 };
	size_t i, j;

	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		s += x * y;
	}
	for (j = 0; i + j < n; j++)
		rest[j] = a[i + j] * b[i + j];
	memcpy(&x, rest, sizeof(x));
	s += x;
	return fold_sum(&s);
}

SIMD float
vec_max(const float *x, size_t n)
{
	float m[VEC_LANES], max = x[0];
	size_t i, j;

	for (j = 0; j < VEC_LANES; j++)
		m[j] = x[0];
	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES)
#pragma omp simd
		for (j = 0; j < VEC_LANES; j++)
			m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
	for (; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (j = 0; j < VEC_LANES; j++)
		max = m[j] > max ? m[j] : max;
	return max;
}

SIMD float
vec_exp_sum(float *x, size_t n, float scale, float shift)
{
	lanes s = { 0 }, v;
	float rest[VEC_LANES] = { 0 };
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		x[i] = exp_f32(x[i] * scale - shift);
	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&v, x + i, sizeof(v));
		s += v;
	}
	memcpy(rest, x + i, (n - i) * sizeof(*x));
	memcpy(&v, rest, sizeof(v));
	s += v;
	return fold_sum(&s);
}

SIMD void
vec_scale(float *x, size_t n, float s)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		x[i] *= s;
}

SIMD void
vec_axpy(float *y, const float *x, size_t n, float s)
{
	size_t i;

#pragma omp simd
	for (i = 0; i < n; i++)
		y[i] += s * x[i];
}

typedef double doubles __attribute__((vector_size(VEC_LANES * sizeof(double))));

/* VEC_LANES sums side by side, whatever registers hold; then in order. */
SIMD double
vec_sumsq(const float *x, size_t n)
{
	float rest[VEC_LANES] = { 0 };
	double sums[VEC_LANES], sum = 0;
	doubles s = { 0 }, d;
	lanes v;
	size_t i, j;

	for (i = 0; i + VEC_LANES <= n; i += VEC_LANES) {
		memcpy(&v, x + i, sizeof(v));
		d = __builtin_convertvector(v, doubles);
		s += d * d;
	}
	memcpy(rest, x + i, (n - i) * sizeof(*x));
	memcpy(&v, rest, sizeof(v));
	d = __builtin_convertvector(v, doubles);
	s += d * d;
	memcpy(sums, &s, sizeof(sums));
	for (j = 0; j < VEC_LANES; j++)
		sum += sums[j];
	return sum;
}

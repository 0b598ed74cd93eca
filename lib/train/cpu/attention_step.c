/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

/*
 * One query over the keys and values 0 .. n, a running maximum and sum.
 * ld: elements from one position to the next.
 */
static void
attend(float *out, const float *q, const float *keys, const float *values,
    size_t n, size_t ld, size_t D)
{
	float scale = 1 / sqrtf((float)D), max = -INFINITY, sum = 0, s, m, w;
	size_t j;

	memset(out, 0, D * sizeof(*out));
	for (j = 0; j < n; j++) {
		s = vec_dot(q, keys + j * ld, D) * scale;
		m = s > max ? s : max;
		w = exp_f32(s - m);
		if (m > max) {
			vec_scale(out, D, exp_f32(max - m));
			sum *= exp_f32(max - m);
			max = m;
		}
		vec_axpy(out, values + j * ld, D, w);
		sum += w;
	}
	vec_scale(out, D, 1 / sum);
}

void
cpu_attention_step(void *out, void *keys, void *values, const void *qkv, int n,
    int pos, int H, int K, int D, int window)
{
	size_t d = (size_t)D, h = (size_t)H, k = (size_t)K, ld = k * d;
	size_t row = (h + 2 * k) * d, i;
	const float *x = qkv;
	int t;

	for (i = 0; i < (size_t)n; i++) {
		memcpy((float *)keys + ((size_t)pos + i) * ld,
		    x + i * row + h * d, ld * sizeof(*x));
		memcpy((float *)values + ((size_t)pos + i) * ld,
		    x + i * row + (h + k) * d, ld * sizeof(*x));
	}
#pragma omp parallel for
	for (t = 0; t < n * H; t++) {
		size_t at = (size_t)(t / H), head = (size_t)(t % H);
		size_t kv = head / (h / k) * d, n_seen = (size_t)pos + at + 1;

		if (window && n_seen > (size_t)window) {
			kv += (n_seen - (size_t)window) * ld;
			n_seen = (size_t)window;
		}
		attend((float *)out + (at * h + head) * d,
		    x + at * row + head * d, (const float *)keys + kv,
		    (const float *)values + kv, n_seen, ld, d);
	}
}

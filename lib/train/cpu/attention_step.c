/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/cpu/vec.h"
#include "train/ops.h"

/* Keys or values of one head: n positions, ld elements apart. */
struct kept {
	const float *keys, *values;
	size_t n, ld, D;
};

/* One query, a running maximum and sum; bias (n), or NULL. */
static void
attend(float *out, const float *q, const struct kept *x, const float *bias,
    float scale)
{
	float max = -INFINITY, sum = 0, s, m, w;
	size_t j;

	memset(out, 0, x->D * sizeof(*out));
	for (j = 0; j < x->n; j++) {
		s = vec_dot(q, x->keys + j * x->ld, x->D) * scale;
		if (bias)
			s += bias[j];
		m = s > max ? s : max;
		w = exp_f32(s - m);
		if (m > max) {
			vec_scale(out, x->D, exp_f32(max - m));
			sum *= exp_f32(max - m);
			max = m;
		}
		vec_axpy(out, x->values + j * x->ld, x->D, w);
		sum += w;
	}
	vec_scale(out, x->D, 1 / sum);
}

void
cpu_attention_step(void *out, void *keys, void *values, const void *qkv, int n,
    int pos, const struct attention *o)
{
	size_t d = (size_t)o->D, h = (size_t)o->H, k = (size_t)o->K, ld = k * d;
	size_t row = (h + 2 * k) * d, window = (size_t)o->window, i;
	const float *x = qkv;
	int t;

	for (i = 0; i < (size_t)n; i++) {
		memcpy((float *)keys + ((size_t)pos + i) * ld,
		    x + i * row + h * d, ld * sizeof(*x));
		memcpy((float *)values + ((size_t)pos + i) * ld,
		    x + i * row + (h + k) * d, ld * sizeof(*x));
	}
#pragma omp parallel for
	for (t = 0; t < n * o->H; t++) {
		size_t at = (size_t)t / h, head = (size_t)t % h;
		size_t to = (size_t)pos + at + 1, kv = head / (h / k) * d;
		size_t from = window && to > window ? to - window : 0;
		size_t span = (size_t)o->span;
		struct kept seen = { (const float *)keys + from * ld + kv,
			(const float *)values + from * ld + kv, to - from, ld,
			d };

		attend((float *)out + (at * h + head) * d,
		    x + at * row + head * d, &seen,
		    o->bias ? (const float *)o->bias + 2 * span * head + span +
				  from + 1 - to
			    : NULL,
		    (float)o->scale);
	}
}

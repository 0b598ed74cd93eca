/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/ops.h"

/* Four elements a thread. */
static __global__ void
update(float *p, const float *g, float *m, float *v, size_t n,
    const struct adamw o, bool aligned)
{
	size_t i = element() * 4, left = n - i;
	float c1 = (float)(o.lr / o.c1), c2 = (float)(1 / sqrt(o.c2));
	float b1 = (float)o.beta1, b2 = (float)o.beta2;
	float rest1 = (float)(1 - o.beta1), rest2 = (float)(1 - o.beta2);
	struct four x, u, w, s;

	if (i >= n)
		return;
	x = get_four(g + i, left, aligned);
	u = get_four(m + i, left, aligned);
	w = get_four(v + i, left, aligned);
	s = get_four(p + i, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++) {
		x.v[k] *= (float)o.scale;
		u.v[k] = b1 * u.v[k] + rest1 * x.v[k];
		w.v[k] = b2 * w.v[k] + rest2 * x.v[k] * x.v[k];
		s.v[k] = (float)(1 - o.lr * o.decay) * s.v[k] -
			 c1 * u.v[k] / (sqrtf(w.v[k]) * c2 + (float)o.eps);
	}
	put_four(m + i, u, left, aligned);
	put_four(v + i, w, left, aligned);
	put_four(p + i, s, left, aligned);
}

void
cuda_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	bool aligned = fours((float *)p, 0) && fours((float *)g, 0) &&
		       fours((float *)m, 0) && fours((float *)v, 0);

	LAUNCH(update, blocks_of_fours(n), THREADS, 0, (float *)p,
	    (const float *)g, (float *)m, (float *)v, n, *o, aligned);
}

/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/ops.h"

/* What a step multiplies by: found once, on the host, in double. */
struct adamw_step {
	float scale, b1, b2, rest1, rest2, rate, root, eps, stay;
};

/* Four elements a thread. */
static __global__ void
update(float *p, const float *g, float *m, float *v, size_t n,
    const struct adamw_step o, bool aligned)
{
	size_t i = element() * 4, left = n - i;
	struct four x, u, w, s;

	if (i >= n)
		return;
	x = get_four(g + i, left, aligned);
	u = get_four(m + i, left, aligned);
	w = get_four(v + i, left, aligned);
	s = get_four(p + i, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++) {
		x.v[k] *= o.scale;
		u.v[k] = o.b1 * u.v[k] + o.rest1 * x.v[k];
		w.v[k] = o.b2 * w.v[k] + o.rest2 * x.v[k] * x.v[k];
		s.v[k] = o.stay * s.v[k] -
			 o.rate * u.v[k] / (sqrtf(w.v[k]) * o.root + o.eps);
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
	struct adamw_step s = { (float)o->scale, (float)o->beta1,
		(float)o->beta2, (float)(1 - o->beta1), (float)(1 - o->beta2),
		(float)(o->lr / o->c1), (float)(1 / sqrt(o->c2)), (float)o->eps,
		(float)(1 - o->lr * o->decay) };

	LAUNCH(update, blocks_of_fours(n), THREADS, 0, (float *)p,
	    (const float *)g, (float *)m, (float *)v, n, s, aligned);
}

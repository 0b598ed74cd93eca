/* SPDX-License-Identifier: MIT */
#include "train/cuda/number.h"
#include "train/ops.h"

/* What a step multiplies by: found once, on the host, in double. */
struct lion_step {
	float scale, b1, b2, rest1, rest2, rate, stay;
};

/* Four elements a thread. */
static __global__ void
update_by_sign(float *p, const float *g, float *m, size_t n,
    const struct lion_step o, bool aligned)
{
	size_t i = element() * 4, left = n - i;
	struct four x, u, s;

	if (i >= n)
		return;
	x = get_four(g + i, left, aligned);
	u = get_four(m + i, left, aligned);
	s = get_four(p + i, left, aligned);
	UNROLL
	for (int k = 0; k < 4; k++) {
		float y = x.v[k] * o.scale, mean = o.b1 * u.v[k] + o.rest1 * y;

		u.v[k] = o.b2 * u.v[k] + o.rest2 * y;
		s.v[k] =
		    o.stay * s.v[k] - o.rate * (float)((mean > 0) - (mean < 0));
	}
	put_four(m + i, u, left, aligned);
	put_four(p + i, s, left, aligned);
}

void
cuda_lion(void *p, const void *g, void *m, size_t n, const struct adamw *o)
{
	bool aligned = fours((float *)p, 0) && fours((float *)g, 0) &&
		       fours((float *)m, 0);
	struct lion_step s = { (float)o->scale, (float)o->beta1,
		(float)o->beta2, (float)(1 - o->beta1), (float)(1 - o->beta2),
		(float)o->lr, (float)(1 - o->lr * o->decay) };

	LAUNCH(update_by_sign, blocks_of_fours(n), THREADS, 0, (float *)p,
	    (const float *)g, (float *)m, n, s, aligned);
}

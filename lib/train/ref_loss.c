/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "train/ref.h"

void
ref_cross_entropy(void *loss, void *logits, const int32_t *targets, int N,
    int V, const struct cross_entropy *o)
{
	double *x, max, sum, mean, lse, share;
	int i, v, stride = o->stride ? o->stride : V;

	for (i = 0; i < N; i++) {
		x = (double *)logits + i * stride;
		for (v = V; o->backward && v < stride; v++)
			x[v] = 0;
		max = -INFINITY;
		sum = mean = 0;
		for (v = 0; v < V; v++)
			max = fmax(max, x[v]);
		for (v = 0; v < V; v++) {
			sum += exp(x[v] - max);
			mean += x[v] / V;
		}
		lse = max + log(sum);
		if (targets[i] < 0) {
			((double *)loss)[i] = 0;
			for (v = 0; o->backward && v < V; v++)
				x[v] = 0;
			continue;
		}
		((double *)loss)[i] = lse - (1 - o->smoothing) * x[targets[i]] -
				      o->smoothing * mean + o->z * lse * lse;
		for (v = 0; o->backward && v < V; v++) {
			share = o->smoothing / V +
				(v == targets[i] ? 1 - o->smoothing : 0);
			x[v] = o->scale *
			       (exp(x[v] - lse) * (1 + 2 * o->z * lse) - share);
		}
	}
}

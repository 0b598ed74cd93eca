/* SPDX-License-Identifier: MIT */
/*
 * Training steps of a 10M-parameter Llama on all threads: tokens a second, and
 * their floating point operations as a share of the library's largest rate for
 * matrix products.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/progress.h"
#include "train/net.h"
#include "train/optimiser.h"
#include "train/philox.h"
#include "train/weights.h"

enum { ROWS = 8, SEQ = 512, STEPS = 5, SIDE = 2048 };

static const struct model_config model = { .vocab = 8192,
	.dim = 320,
	.hidden = 864,
	.layers = 6,
	.heads = 5,
	.kv_heads = 5,
	.head_dim = 64,
	.max_seq = SEQ,
	.eps = 1e-5,
	.theta = 1e4,
	.init_std = .02,
	.tied = true,
	.bos = -1,
	.eos = -1 };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* GFLOP/s of a large product, median. */
static double
product_rate(const struct ops *ops)
{
	size_t n = (size_t)SIDE * SIDE;
	float *x = ops->alloc(3 * n * sizeof(*x));
	double s[STEPS], start;
	int i;

	philox_normal(x, 3 * n, 1, 1, 1, 0);
	for (i = 0; i < STEPS; i++) {
		start = progress_now();
		ops->matmul(x, x + n, x + 2 * n, SIDE, SIDE, SIDE, 0, 1, 0);
		s[i] = progress_now() - start;
	}
	ops->free(x);
	qsort(s, STEPS, sizeof(*s), by_value);
	return 2.0 * SIDE * SIDE * SIDE / s[STEPS / 2] * 1e-9;
}

/* Seconds a step, median. */
static double
step_time(struct net *n, uint32_t *tokens, struct err *e)
{
	struct optimiser_options o = {
		.kind = OPTIMISER_ADAMW, .beta1 = .9, .beta2 = .95, .eps = 1e-8
	};
	double s[STEPS], start, loss = 0, norm;
	const struct rows rows = { .tokens = tokens };
	struct optimiser opt;
	int i;

	if (optimiser_open(&opt, &o, n, e) < 0)
		return 0;
	for (i = 0; i < STEPS; i++) {
		start = progress_now();
		net_zero_grads(n);
		if (net_train(n, &rows, ROWS, SEQ, 1.0 / (ROWS * SEQ), &loss,
			e) < 0 ||
		    net_grad_norm(n, &norm, e) < 0 ||
		    optimiser_step(&opt, (uint64_t)i, 1e-4, 1, e) < 0)
			break;
		s[i] = progress_now() - start;
	}
	optimiser_close(&opt);
	if (i < STEPS)
		return 0;
	qsort(s, STEPS, sizeof(*s), by_value);
	return s[STEPS / 2];
}

int
main(void)
{
	uint32_t rows[ROWS * (SEQ + 1)];
	struct opt_common opt;
	struct program p;
	struct net n;
	struct err e = { 0 };
	double flops, peak, s;
	size_t i;

	opt_common_init(&opt);
	for (i = 0; i < ROWS * (SEQ + 1); i++)
		rows[i] = (uint32_t)(philox_uniform(1, 1, i) * model.vocab);
	if (program_build(&p, &model, ROWS * SEQ, true, &e) < 0 ||
	    net_open(&n, &p, ops_cpu(opt.threads), &e) < 0 ||
	    weights_init(&n, 1, &e) < 0) {
		fprintf(stderr, "bench: %s\n", e.msg);
		return 1;
	}
	peak = product_rate(n.ops);
	s = step_time(&n, rows, &e);
	if (s <= 0) {
		fprintf(stderr, "bench: %s\n", e.msg);
		return 1;
	}
	/* 6 a parameter, and causal attention: 6 T C a layer. */
	flops =
	    6.0 * (double)p.params.count + 6.0 * SEQ * model.dim * model.layers;
	printf("training %.1fM parameters, T %d, %d threads: %.0f tokens/s, "
	       "%.0f GFLOP/s = %.0f%% of the product's %.0f\n",
	    (double)p.params.count / 1e6, SEQ, opt.threads, ROWS * SEQ / s,
	    ROWS * SEQ / s * flops * 1e-9, ROWS * SEQ / s * flops * 1e-7 / peak,
	    peak);
	net_close(&n);
	program_free(&p);
	return 0;
}

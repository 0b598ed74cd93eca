/* SPDX-License-Identifier: MIT */
/*
 * Optimisers over whole models, in float against double; what muon's steps
 * look like; learning rates.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"
#include "train/optimiser.h"
#include "train/philox.h"
#include "train/schedule.h"
#include "train/weights.h"

enum { ROWS = 2, SEQ = 9, STEPS = 3 };

static const struct model_config model = { .vocab = 19,
	.dim = 8,
	.hidden = 12,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 4,
	.max_seq = 16,
	.eps = 1e-5,
	.theta = 100,
	.init_std = .3,
	.bos = -1,
	.eos = -1 };

struct side {
	struct net n;
	struct optimiser opt;
};

static int
side_open(struct side *s, const struct program *p, const struct ops *ops,
    const struct optimiser_options *o, struct err *e)
{
	*s = (struct side){ 0 };
	if (net_open(&s->n, p, ops, e) < 0 || weights_init(&s->n, 1, e) < 0)
		return e->code;
	return optimiser_open(&s->opt, o, &s->n, e);
}

static int
side_step(struct side *s, uint64_t step, double lr, struct err *e)
{
	uint32_t rows[ROWS * (SEQ + 1)];
	double loss = 0;
	size_t i;

	for (i = 0; i < ROWS * (SEQ + 1); i++)
		rows[i] = (uint32_t)(philox_uniform(5, step, i) * 19);
	net_zero_grads(&s->n);
	if (net_train(&s->n, &(struct rows){ .tokens = rows }, ROWS, SEQ, 1,
		&loss, e) < 0)
		return e->code;
	return optimiser_step(&s->opt, step, lr, .5, e);
}

static void
side_close(struct side *s)
{
	optimiser_close(&s->opt);
	net_close(&s->n);
}

static void
test_twins(enum optimiser_kind kind, double bound)
{
	struct optimiser_options o = { .kind = kind,
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1,
		.momentum = .5,
		.decay_rate = .8,
		.limit = 1,
		.by_rms = true };
	double diff = 0, norm = 0;
	struct side a, b;
	struct program p;
	struct err e = { 0 };
	uint64_t i;

	program_build(&p, &model, ROWS * SEQ, true, &e);
	optimiser_plan(&o, &p, &e);
	if (!OK(side_open(&a, &p, ops_ref(), &o, &e) == 0 &&
		    side_open(&b, &p, ops_cpu(2), &o, &e) == 0,
		"%s: set up %s", optimiser_name(kind), e.msg))
		return;
	for (i = 0; i < STEPS; i++) {
		side_step(&a, i, 1e-2, &e);
		side_step(&b, i, 1e-2, &e);
	}
	for (i = 0; i < p.params.size; i++) {
		double x = ((double *)a.n.params)[i];

		diff += pow((double)((float *)b.n.params)[i] - x, 2);
		norm += x * x;
	}
	OK(diff <= bound * norm, "%s: weights after %d steps, NMSE %.1e",
	    optimiser_name(kind), STEPS, diff / norm);
	side_close(&a);
	side_close(&b);
	program_free(&p);
}

/* The first step of a matrix, divided by what its size should be. */
static void
muon_step(const struct param *x, const double *before, const double *after,
    double lr, double *u)
{
	double side =
	    (double)(x->shape[0] > x->shape[1] ? x->shape[0] : x->shape[1]);
	size_t i;

	for (i = 0; i < x->n; i++)
		u[i] = (before[x->at + i] - after[x->at + i]) /
		       (lr * .2 * sqrt(side));
}

/* Largest difference of x y' (r,r) from its transpose; *top: of the diagonal
 * of x x'. */
static double
asymmetry(const double *x, const double *y, size_t r, size_t c, double *top)
{
	double worst = 0, a, b, s;
	size_t i, j, k;

	for (i = 0; i < r; i++)
		for (j = 0; j <= i; j++) {
			for (a = b = s = 0, k = 0; k < c; k++) {
				a += x[i * c + k] * y[j * c + k];
				b += x[j * c + k] * y[i * c + k];
				s += x[i * c + k] * x[j * c + k];
			}
			worst = fmax(worst, fabs(a - b));
			if (i == j)
				*top = fmax(*top, s);
		}
	return worst;
}

/*
 * With the gradient A S B', the step is A f(S) B': their product is symmetric,
 * and no row is longer than the largest f(S), which is about 1.
 */
static void
test_muon(void)
{
	struct optimiser_options o = {
		.kind = OPTIMISER_MUON, .beta1 = 0, .beta2 = .95, .eps = 1e-8
	};
	double worst = 0, top = 0, *before, *u;
	const struct param *x;
	struct program p;
	struct side a;
	struct err e;
	size_t i, turned = 0;

	program_build(&p, &model, ROWS * SEQ, true, &e);
	side_open(&a, &p, ops_ref(), &o, &e);
	before = malloc(p.params.size * sizeof(*before));
	u = malloc(p.params.size * sizeof(*u));
	memcpy(before, a.n.params, p.params.size * sizeof(*before));
	side_step(&a, 0, 1e-2, &e);
	for (i = 0; i < p.params.n; i++) {
		x = &p.params.v[i];
		if (x->role != ROLE_MATRIX)
			continue;
		muon_step(x, before, a.n.params, 1e-2, u);
		worst = fmax(worst, asymmetry(u, (double *)a.n.grads + x->at,
					x->shape[0], x->shape[1], &top));
		turned++;
	}
	OK(turned == 14 && worst < 1e-9,
	    "muon: %zu steps with the gradient's "
	    "directions, %.1e",
	    turned, worst);
	OK(top > .7 && top < 1.5, "muon: of about one length, %.3f", top);
	free(before);
	free(u);
	side_close(&a);
	program_free(&p);
}

/* The paper's algorithms 4 and 5, with sums in place of means. */
struct oracle {
	double *w, *row, *col, *v;
	size_t rows, cols;
	bool vector;
};

static double
oracle_square(const struct oracle *o, size_t i)
{
	size_t r = i / o->cols, c = i % o->cols, k;
	double sum = 0;

	if (o->vector)
		return o->v[i];
	for (k = 0; k < o->rows; k++)
		sum += o->row[k];
	return o->row[r] * o->col[c] / sum;
}

static void
oracle_step(struct oracle *o, const double *g, uint64_t t, double lr)
{
	size_t n = o->rows * o->cols, i;
	double b = 1 - pow((double)t, -.8), sq, rms = 0, size = 0, over;

	for (i = 0; i < o->rows; i++)
		o->row[i] *= b;
	for (i = 0; i < o->cols; i++)
		o->col[i] *= b;
	for (i = 0; i < n; i++) {
		sq = (1 - b) * (g[i] * g[i] * .25 + 1e-30);
		o->row[i / o->cols] += sq;
		o->col[i % o->cols] += sq;
		o->v[i] = b * o->v[i] + sq;
	}
	for (i = 0; i < n; i++) {
		rms += g[i] * g[i] * .25 / oracle_square(o, i) / (double)n;
		size += o->w[i] * o->w[i] / (double)n;
	}
	over = fmax(1, sqrt(rms) / .5);
	lr *= fmax(1e-3, sqrt(size));
	for (i = 0; i < n; i++)
		o->w[i] -= lr * g[i] * .5 / sqrt(oracle_square(o, i)) / over;
}

static void
oracle_open(struct oracle *o, const struct param *x, const double *w)
{
	o->vector = x->rank == 1;
	o->rows = o->vector ? x->n : (size_t)x->shape[0];
	o->cols = x->n / o->rows;
	o->w = malloc(x->n * sizeof(*o->w));
	o->v = calloc(x->n, sizeof(*o->v));
	o->row = calloc(o->rows, sizeof(*o->row));
	o->col = calloc(o->cols, sizeof(*o->col));
	memcpy(o->w, w + x->at, x->n * sizeof(*w));
}

/* Frees it; the worst difference from the weights. */
static double
oracle_close(struct oracle *o, const double *w)
{
	double worst = 0;
	size_t i;

	for (i = 0; i < o->rows * o->cols; i++)
		worst = fmax(worst, fabs(o->w[i] - w[i]));
	free(o->w);
	free(o->v);
	free(o->row);
	free(o->col);
	return worst;
}

static void
test_adafactor(void)
{
	struct optimiser_options o = { .kind = OPTIMISER_ADAFACTOR,
		.decay_rate = .8,
		.limit = .5,
		.by_rms = true };
	struct oracle *all;
	double worst = 0;
	struct program p;
	struct side a;
	struct err e;
	uint64_t t;
	size_t i;

	program_build(&p, &model, ROWS * SEQ, true, &e);
	optimiser_plan(&o, &p, &e);
	side_open(&a, &p, ops_ref(), &o, &e);
	OK(!a.n.m && !a.n.v, "adafactor: no moments of each weight");
	all = calloc(p.params.n, sizeof(*all));
	for (i = 0; i < p.params.n; i++)
		oracle_open(&all[i], &p.params.v[i], a.n.params);
	for (t = 1; t <= STEPS; t++) {
		side_step(&a, t - 1, 1e-1, &e);
		for (i = 0; i < p.params.n; i++)
			oracle_step(&all[i],
			    (double *)a.n.grads + p.params.v[i].at, t, 1e-1);
	}
	for (i = 0; i < p.params.n; i++)
		worst =
		    fmax(worst, oracle_close(&all[i],
				    (double *)a.n.params + p.params.v[i].at));
	OK(worst < 1e-13, "adafactor: the paper's steps, %.1e", worst);
	free(all);
	side_close(&a);
	program_free(&p);
}

static void
test_schedules(void)
{
	struct schedule s = { .kind = SCHEDULE_WSD,
		.lr = 1,
		.min_ratio = .1,
		.warmup = 4,
		.steps = 20,
		.cooldown = 5 };
	struct err e;
	uint64_t n;

	OK(schedule_lr(&s, 1) == .5 && schedule_lr(&s, 4) == 1 &&
		schedule_lr(&s, 14) == 1 &&
		fabs(schedule_lr(&s, 15) - .82) < 1e-12 &&
		fabs(schedule_lr(&s, 19) - .1) < 1e-12,
	    "wsd: up, level, down in the last 5 steps");
	s.kind = SCHEDULE_INVERSE_SQRT;
	OK(schedule_lr(&s, 3) == 1 && schedule_lr(&s, 15) == .5,
	    "inverse square root: a half at 4 times the warm-up");
	schedule_share(&n, "cool-down", "20%", 21, &e);
	OK(n == 5, "20%% of 21 steps: %llu", (unsigned long long)n);
	OK(schedule_share(&n, "cool-down", "x%", 21, &e) == ERR_ARG, "%s",
	    e.msg);
}

int
main(void)
{
	test_schedules();
	test_twins(OPTIMISER_ADAMW, 1e-10);
	test_twins(OPTIMISER_LION, 1e-10);
	test_twins(OPTIMISER_MUON, 1e-9);
	test_twins(OPTIMISER_ADAFACTOR, 1e-10);
	test_muon();
	test_adafactor();
	return tap_end();
}

/* SPDX-License-Identifier: MIT */
/*
 * bf16 and fp16: rounding against arithmetic in double, products against fp64
 * sums of factors rounded so, whole runs against f32.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "io/stream.h"
#include "tap.h"
#include "train/cpu/round.h"
#include "train/philox.h"
#include "train/scale.h"
#include "train/train.h"
#include "train/weights.h"

/* Bits of precision, smallest exponent of normal numbers, and the largest. */
struct format {
	const char *name;
	int bits, least;
	double most;
	enum ops_type type;
};

static const struct format bf16 = { "bf16", 8, -126, 0x1.fep127, OPS_BF16 };
static const struct format f16 = { "fp16", 11, -14, 65504, OPS_F16 };

/* nearbyint() takes halves to the even; a step too large is infinite. */
static double
nearest(const struct format *f, double x)
{
	double step, r;
	int e;

	if (x == 0 || !isfinite(x))
		return x;
	frexp(x, &e);
	e = e - 1 < f->least ? f->least : e - 1;
	step = ldexp(1, e - f->bits + 1);
	r = nearbyint(x / step) * step;
	return fabs(r) > f->most ? copysign(INFINITY, x) : r;
}

static bool
same_float(float a, double b)
{
	if (isnan(b))
		return isnan(a);
	return (double)a == b && !signbit(a) == !signbit(b);
}

static bool
rounds(const float *x, size_t n)
{
	float *a = malloc(2 * n * sizeof(*a)), *b = a + n;
	uint16_t *u = malloc(n * sizeof(*u));
	bool ok = true;
	uint32_t wide;
	float back;
	size_t i;

	round_as_bf16(a, x, n);
	round_as_f16(b, x, n);
	round_bf16(u, x, n);
	for (i = 0; i < n && ok; i++) {
		wide = (uint32_t)u[i] << 16;
		memcpy(&back, &wide, sizeof(back));
		ok = same_float(a[i], nearest(&bf16, (double)x[i])) &&
		     same_float(back, nearest(&bf16, (double)x[i])) &&
		     same_float(b[i], nearest(&f16, (double)x[i]));
		if (!ok)
			printf("# %a: bf16 %a, %a, fp16 %a\n", (double)x[i],
			    (double)a[i], (double)back, (double)b[i]);
	}
	free(a);
	free(u);
	return ok;
}

/* Every exponent, both signs, fractions near halves; then the odd ones. */
static void
test_rounding(void)
{
	static const uint32_t tail[] = { 0, 1, 0xfff, 0x1000, 0x1001, 0x2fff,
		0x3000, 0x7fff, 0x8000, 0x8001, 0x17fff, 0x18000, 0x18001,
		0x7fefff, 0x7ff000, 0x7f7fff, 0x7f8000, 0x7fffff };
	enum { TAILS = sizeof(tail) / sizeof(*tail) };
	size_t n = (size_t)512 * TAILS, i;
	float *x = malloc((n + 70001) * sizeof(*x));
	uint32_t u;

	for (i = 0; i < n; i++) {
		u = (uint32_t)(i / TAILS) << 23 | tail[i % TAILS];
		memcpy(&x[i], &u, sizeof(u));
	}
	OK(rounds(x, n), "all exponents round to the nearest");
	philox_normal(x, 70001, 1, 1, 2, 0);
	OK(rounds(x, 70001), "random numbers round to the nearest");
	free(x);
}

struct shape {
	int m, n, k, ta, tb, accumulate;
};

/* A sum in double, and of magnitudes. */
static double
sum(const struct shape *s, const double *a, const double *b, size_t i, size_t j,
    double *magnitude)
{
	size_t p, m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
	double t = 0, x;

	for (p = *magnitude = 0; p < k; p++) {
		x = (s->ta ? a[p * m + i] : a[i * k + p]) *
		    (s->tb ? b[j * k + p] : b[p * n + j]);
		t += x;
		*magnitude += fabs(x);
	}
	return t;
}

/*
 * Against sums of rounded factors, in double: a product of two of them is exact
 * in float, so an element is off by at most k + 1 roundings of the sum and of
 * c, however it is ordered: (k + 2) 2^-24 of the sum of magnitudes (Higham,
 * Accuracy and Stability, 3.1).
 * Against exact factors, NMSE = |c - d|^2 / |d|^2: rounding is off by at most
 * half an eps of a factor, spread evenly, so its mean square is at most eps^2 /
 * 12; two factors that have nothing to do with each other: eps^2 / 6.
 */
/* c = A * B on a device, its memory being where it may be. */
static void
multiply(const struct ops *o, float *c, const float *a, const float *b,
    const struct shape *s)
{
	size_t na = (size_t)s->m * (size_t)s->k * sizeof(float);
	size_t nb = (size_t)s->k * (size_t)s->n * sizeof(float);
	size_t nc = (size_t)s->m * (size_t)s->n * sizeof(float);
	char *x = o->alloc(na), *y = o->alloc(nb), *z = o->alloc(nc);

	o->put(x, a, na);
	o->put(y, b, nb);
	o->put(z, c, nc);
	o->matmul(z, x, y, s->m, s->n, s->k, s->ta, s->tb, s->accumulate);
	o->get(c, z, nc);
	o->free(x);
	o->free(y);
	o->free(z);
}

static void
test_product(const struct ops *o, const struct format *f, struct shape s)
{
	size_t na = (size_t)s.m * (size_t)s.k, nb = (size_t)s.k * (size_t)s.n;
	size_t nc = (size_t)s.m * (size_t)s.n, nx = na + nb, i, row, col;
	float *x = malloc((nx + nc) * sizeof(*x)), *c = x + nx;
	double *exact = malloc(2 * nx * sizeof(*exact)), *near = exact + nx;
	double *was = malloc(nc * sizeof(*was));
	double eps = ldexp(1, 1 - f->bits), noise = 0, signal = 0;
	double d, all, off, worst = 0;

	philox_normal(x, nx + nc, 1, 1, 3, 0);
	for (i = 0; i < nx; i++) {
		exact[i] = (double)x[i];
		near[i] = nearest(f, exact[i]);
	}
	for (i = 0; i < nc; i++)
		was[i] = s.accumulate ? (double)c[i] : 0;
	multiply(o, c, x, x + na, &s);
	for (i = 0; i < nc; i++) {
		row = i / (size_t)s.n;
		col = i % (size_t)s.n;
		d = sum(&s, near, near + na, row, col, &all) + was[i];
		off = fabs((double)c[i] - d) /
		      ((all + fabs(was[i])) * (s.k + 2) * 0x1p-24);
		worst = off > worst ? off : worst;
		d = sum(&s, exact, exact + na, row, col, &all) + was[i];
		noise += ((double)c[i] - d) * ((double)c[i] - d);
		signal += d * d;
	}
	OK(worst <= 1 && noise <= signal * eps * eps / 6,
	    "%s: %s product (%d,%d,%d) ta %d tb %d accumulate %d: %.2g of the "
	    "bound, NMSE %.2g <= %.2g",
	    o->name, f->name, s.m, s.n, s.k, s.ta, s.tb, s.accumulate, worst,
	    noise / signal, eps * eps / 6);
	free(x);
	free(exact);
	free(was);
}

static void
test_products(const struct ops *o, const struct format *f)
{
	int i;

	/* Few elements are no sample of the noise: none of them is small. */
	for (i = 0; i < 8; i++)
		test_product(o, f,
		    (struct shape){ 67, 130, 96, i & 1, i >> 1 & 1, i >> 2 });
	/* Beyond a panel in each direction. */
	test_product(o, f, (struct shape){ 2051, 33, 40, 1, 0, 1 });
	test_product(o, f, (struct shape){ 33, 2051, 40, 0, 1, 0 });
	test_product(o, f, (struct shape){ 20, 31, 4099, 0, 0, 1 });
	test_product(o, f, (struct shape){ 1, 512, 77, 0, 1, 0 });
}

/* What can't be represented stays visible. */
static void
test_infinite(const struct ops *o, const struct format *f, float large)
{
	static const struct shape s = { 1, 1, 2, 0, 0, 0 };
	float a[2] = { large, 1 }, b[2] = { 1, 1 }, c = 0;

	multiply(o, &c, a, b, &s);
	OK(isinf(c), "%s: %s: %g is infinite", o->name, f->name, (double)large);
	a[0] = NAN;
	multiply(o, &c, a, b, &s);
	OK(isnan(c), "%s: %s: NaN stays", o->name, f->name);
}

/* The same products on the CUDA twin, where there is one. */
static void
test_card(const struct format *f, float large)
{
	struct err e = { 0 };
	const struct ops *o = ops_cuda(f->type, &e);

	if (!o) {
		printf("ok %d # SKIP %s\n", ++tap_run, e.msg);
		return;
	}
	test_products(o, f);
	test_infinite(o, f, large);
}

static void
test_threads(const struct format *f)
{
	size_t n = (size_t)300 * 2500, m = (size_t)2500 * 90,
	       k = (size_t)300 * 90;
	float *x = malloc((n + m + 7 * k) * sizeof(*x)), *y = x + n + m;
	int t;

	philox_normal(x, n + m, 1, 1, 4, 0);
	for (t = 1; t <= 7; t++)
		ops_cpu_typed(t, f->type)
		    ->matmul(y + (size_t)(t - 1) * k, x, x + n, 300, 90, 2500,
			0, t % 2, 0);
	OK(memcmp(y, y + 2 * k, k * sizeof(*y)) == 0 &&
		memcmp(y + k, y + 5 * k, k * sizeof(*y)) == 0 &&
		memcmp(y, y + 6 * k, k * sizeof(*y)) == 0,
	    "%s: the same bits for any number of threads", f->name);
	free(x);
}

static void
test_scale(void)
{
	struct loss_scale s;
	bool ok = true;
	int i;

	loss_scale_init(&s, false);
	OK(loss_scale_step(&s, false) && s.by == 1, "no scale stays off");
	loss_scale_init(&s, true);
	for (i = 1; i < SCALE_PATIENCE; i++)
		ok = ok && loss_scale_step(&s, true) && s.by == 65536;
	OK(ok && !loss_scale_step(&s, false) && s.by == 32768 && s.good == 0 &&
		s.skipped == 1,
	    "an overflow halves it and begins the count anew");
	for (i = 0; i < SCALE_PATIENCE; i++)
		ok = ok && loss_scale_step(&s, true);
	OK(ok && s.by == 65536 && s.skipped == 1, "patience doubles it");
	for (i = 0; i < 16; i++)
		ok = ok && !loss_scale_step(&s, false);
	OK(ok && s.by == 1 && loss_scale_step(&s, false) && s.skipped == 17,
	    "at 1 an overflow is the run's");
}

enum { ROWS = 4, SEQ = 32, VOCAB = 48 };

static const struct model_config model = { .vocab = VOCAB,
	.dim = 64,
	.hidden = 96,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 16,
	.max_seq = SEQ,
	.eps = 1e-5,
	.theta = 100,
	.init_std = .05,
	.bos = -1,
	.eos = -1 };

static int
step(void *ctx, uint64_t at, struct step_info *s, struct err *e)
{
	(void)ctx;
	(void)e;
	*s = (struct step_info){ .rows = ROWS,
		.lr_scale = 1,
		.seq = SEQ,
		.tokens_before = at * ROWS * SEQ,
		.phase_name = "only" };
	return 0;
}

/* Mostly, the next token is 5 times this one, plus 1. */
static int
read_rows(void *ctx, uint64_t at, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	uint32_t r, t, x, *tokens = out->tokens;
	uint64_t i;

	(void)ctx;
	(void)e;
	for (r = 0; r < n; r++)
		for (t = 0, x = 0; t <= SEQ; t++) {
			i = (at * ROWS + first + r) * 100 + t;
			x = (x * 5 + 1) % VOCAB;
			if (philox_uniform(1, 1, i) < .2)
				x = (uint32_t)(philox_uniform(1, 2, i) * VOCAB);
			*tokens++ = x;
		}
	memset(out->loss, 1, (size_t)n * SEQ);
	return 0;
}

static char top[] = "/tmp/quern-types-XXXXXX";

struct curve {
	double first, last; /* the loss; last: mean of ten */
	uint64_t steps, overflows, stop_at;
	double scale;
	volatile sig_atomic_t stop;
};

static void
on_step(void *ctx, const struct step_report *r)
{
	struct curve *c = ctx;

	if (r->step == 1)
		c->first = r->loss;
	c->last += r->step + 10 > r->steps ? r->loss / 10 : 0;
	c->overflows += r->overflow;
	c->scale = r->loss_scale;
	if (r->step == c->stop_at)
		c->stop = 1;
}

static int
train(const char *name, enum ops_type type, int threads, uint64_t steps,
    double z, struct curve *c, struct err *e)
{
	struct row_source src = { .steps = steps,
		.max_rows = ROWS,
		.max_seq = SEQ,
		.vocab = VOCAB,
		.digest = "rows",
		.step = step,
		.read = read_rows };
	struct train_events ev = {
		.ctx = c, .step = on_step, .stop = &c->stop
	};
	struct step_report last;
	struct train_options o;
	char dir[256];

	train_defaults(&o);
	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	o.dir = dir;
	o.resume = true;
	o.type = type;
	o.lr = 3e-3;
	o.z_loss = z;
	return train_run(&model, &o, &src, NULL, ops_cpu_typed(threads, type),
	    &ev, &last, e);
}

/* The loss of each format against that of f32, off by less than an eps. */
static void
test_curve(const struct format *f, const struct curve *f32)
{
	struct curve c = { 0 };
	struct err e = { 0 };
	double eps = ldexp(1, 1 - f->bits), off;
	int rc = train(f->name, f->type, 2, 80, 0, &c, &e);

	off = fabs(c.last - f32->last) / f32->last;
	OK(rc == 0 && off < eps && c.last < .6 * c.first,
	    "%s: loss %.4f -> %.4f, f32's %.4f: off by %.2g < %.2g %s", f->name,
	    c.first, c.last, f32->last, off, eps, e.msg);
}

static bool
same_file(const char *a, const char *b, const char *file)
{
	char path[256], *x = NULL, *y = NULL;
	size_t n = 0, m = 1;
	struct err e;
	bool same;

	snprintf(path, sizeof(path), "%s/%s/last/%s", top, a, file);
	same = in_slurp(path, &x, &n, &e) == 0;
	snprintf(path, sizeof(path), "%s/%s/last/%s", top, b, file);
	same = same && in_slurp(path, &y, &m, &e) == 0 && n == m &&
	       memcmp(x, y, n) == 0;
	free(x);
	free(y);
	return same;
}

static bool
same_run(const char *a, const char *b)
{
	return same_file(a, b, "model.safetensors") &&
	       same_file(a, b, "optimizer.safetensors") &&
	       same_file(a, b, "state.json");
}

/*
 * A z-loss so heavy that gradients overflow fp16 at the first scales: the
 * interruption comes between two overflows and the end.
 */
static void
test_resume(void)
{
	struct curve whole = { 0 }, half = { .stop_at = 2 }, rest = { 0 };
	struct curve one = { 0 }, other = { 0 };
	struct err e = { 0 };
	int rc = train("whole", OPS_F16, 2, 12, 30, &whole, &e);

	OK(rc == 0 && whole.overflows > 2 && whole.overflows < 12 &&
		whole.scale < 65536,
	    "fp16: %d overflows, the scale falls to %g %s",
	    (int)whole.overflows, whole.scale, e.msg);
	rc = train("parts", OPS_F16, 1, 12, 30, &half, &e);
	OK(rc == 1 && train("parts", OPS_F16, 3, 12, 30, &rest, &e) == 0 &&
		half.overflows == 2 && 2 + rest.overflows == whole.overflows &&
		same_run("whole", "parts"),
	    "fp16: interrupted and resumed, the same bytes %s", e.msg);
	rc = train("bf16-1", OPS_BF16, 1, 12, 0, &one, &e);
	other.stop_at = 5;
	OK(rc == 0 && train("bf16-2", OPS_BF16, 2, 12, 0, &other, &e) == 1,
	    "bf16: begun %s", e.msg);
	other.stop = 0;
	OK(train("bf16-2", OPS_BF16, 7, 12, 0, &other, &e) == 0 &&
		same_run("bf16-1", "bf16-2"),
	    "bf16: threads and interruptions leave the same bytes %s", e.msg);
	OK(train("bf16-2", OPS_F32, 2, 12, 0, &other, &e) < 0 &&
		strstr(e.msg, "dtype is \"f32\", the run was begun with "
			      "\"bf16\""),
	    "another type is another run: %s", e.msg);
}

/* Matrices' gradients are not zeroed but written: what they held is gone. */
static void
test_fresh(bool tied)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	struct rows in = { .tokens = tokens };
	struct model_config c = model;
	struct program p = { 0 };
	struct net n = { 0 };
	struct err e = { 0 };
	double loss = 0;
	size_t i, size = 0;
	float *first = NULL;
	int rc;

	c.tied = tied;
	for (i = 0; i < ROWS * (SEQ + 1); i++)
		tokens[i] = (uint32_t)(i * 7 % VOCAB);
	rc = program_build(&p, &c, (size_t)ROWS * SEQ, true, &e);
	if (rc == 0)
		rc = net_open(&n, &p, ops_cpu(2), &e);
	if (rc == 0)
		rc = weights_init(&n, 1, &e);
	if (rc == 0)
		rc = net_train(&n, &in, ROWS, SEQ, 1, &loss, &e);
	if (rc == 0) {
		size = p.params.size * sizeof(*first);
		first = malloc(size);
		memcpy(first, n.grads, size);
		for (i = 0; i < p.params.n; i++)
			memset((float *)n.grads + p.params.v[i].at, 0xff,
			    p.params.v[i].n * sizeof(*first));
		net_zero_grads(&n);
		rc = net_train(&n, &in, ROWS, SEQ, 1, &loss, &e);
	}
	OK(rc == 0 && memcmp(first, n.grads, size) == 0,
	    "old gradients are forgotten%s %s", tied ? ", tied" : "", e.msg);
	free(first);
	net_close(&n);
	program_free(&p);
}

int
main(void)
{
	struct curve f32 = { 0 };
	struct err e = { 0 };
	char cmd[64];

	test_rounding();
	test_products(ops_cpu_typed(2, OPS_BF16), &bf16);
	test_products(ops_cpu_typed(3, OPS_F16), &f16);
	test_infinite(ops_cpu_typed(1, OPS_BF16), &bf16, 0x1.ffp127f);
	test_infinite(ops_cpu_typed(1, OPS_F16), &f16, 65520);
	test_card(&bf16, 0x1.ffp127f);
	test_card(&f16, 65520);
	test_threads(&bf16);
	test_threads(&f16);
	test_scale();
	test_fresh(false);
	test_fresh(true);
	if (!mkdtemp(top))
		return 1;
	OK(train("f32", OPS_F32, 2, 80, 0, &f32, &e) == 0, "f32 %s", e.msg);
	test_curve(&bf16, &f32);
	test_curve(&f16, &f32);
	test_resume();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	OK(system(cmd) == 0, "cleaned up");
	return tap_end();
}

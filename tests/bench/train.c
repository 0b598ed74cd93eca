/* SPDX-License-Identifier: MIT */
/*
 * Training steps of GPT-2 124M on all threads: where their time goes, the same
 * matrix products alone, and the step's floating point operations as a share of
 * the rate that the library itself reaches on a large product.
 *
 *	train [ROWS SEQ [DTYPE [STEPS [PRESET]]]]
 *
 * Processor time beside the clock's: it means something on a busy machine too.
 */
#include <dnnl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/progress.h"
#include "train/net.h"
#include "train/optimiser.h"
#include "train/philox.h"
#include "train/preset.h"
#include "train/weights.h"

enum { MOST_STEPS = 64, SIDE = 2048, PEAK_RUNS = 7, CALLS = 4096 };

/* Seconds by the clock and of the processors. */
struct spent {
	double wall, cpu;
};

static struct spent
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (struct spent){ .wall = progress_now(),
		.cpu = (double)t.tv_sec + (double)t.tv_nsec * 1e-9 };
}

static struct spent
since(struct spent t)
{
	struct spent n = now();

	return (struct spent){ n.wall - t.wall, n.cpu - t.cpu };
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spent
median(const struct spent *s, int n)
{
	double wall[MOST_STEPS], cpu[MOST_STEPS];
	int i;

	for (i = 0; i < n; i++) {
		wall[i] = s[i].wall;
		cpu[i] = s[i].cpu;
	}
	qsort(wall, (size_t)n, sizeof(*wall), by_value);
	qsort(cpu, (size_t)n, sizeof(*cpu), by_value);
	return (struct spent){ wall[n / 2], cpu[n / 2] };
}

/* Operations by what they are for; the rest is attention above all. */
enum group { PRODUCT, LOSS, ACT, NORM, OPTIMISER, ZERO, GROUPS };
static const char *const group_name[GROUPS] = { "matrix products",
	"cross-entropy", "activation", "norm", "optimiser and its norm",
	"zeroing gradients" };

static struct {
	const struct ops *ops;
	struct spent in[GROUPS];
	/* The step's products, to be done again alone. */
	struct product {
		void *c;
		const void *a, *b;
		int m, n, k, ta, tb, accumulate;
	} call[CALLS];
	size_t calls;
} trace;

#define TIMED(group, call) \
	do { \
		struct spent timed_start = now(), timed_took; \
		trace.ops->call; \
		timed_took = since(timed_start); \
		trace.in[group].wall += timed_took.wall; \
		trace.in[group].cpu += timed_took.cpu; \
	} while (0)

static void
timed_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int accumulate)
{
	if (trace.calls < CALLS)
		trace.call[trace.calls++] =
		    (struct product){ c, a, b, m, n, k, ta, tb, accumulate };
	TIMED(PRODUCT, matmul(c, a, b, m, n, k, ta, tb, accumulate));
}

static void
timed_cross_entropy(void *loss, void *logits, const int32_t *targets, int N,
    int V, const struct cross_entropy *o)
{
	TIMED(LOSS, cross_entropy(loss, logits, targets, N, V, o));
}

static void
timed_act_fwd(void *out, const void *in, size_t n, int kind)
{
	TIMED(ACT, act_fwd(out, in, n, kind));
}

static void
timed_act_bwd(void *din, const void *dout, const void *in, size_t n, int kind)
{
	TIMED(ACT, act_bwd(din, dout, in, n, kind));
}

static void
timed_layernorm_fwd(void *out, void *stats, const void *in, const void *w,
    const void *b, int N, int C, double eps)
{
	TIMED(NORM, layernorm_fwd(out, stats, in, w, b, N, C, eps));
}

static void
timed_layernorm_bwd(void *din, void *dw, void *db, const void *dout,
    const void *in, const void *w, const void *stats, int N, int C,
    int accumulate)
{
	TIMED(NORM,
	    layernorm_bwd(din, dw, db, dout, in, w, stats, N, C, accumulate));
}

static void
timed_adamw(
    void *p, const void *g, void *m, void *v, size_t n, const struct adamw *o)
{
	TIMED(OPTIMISER, adamw(p, g, m, v, n, o));
}

static void
timed_sumsq(double *out, const void *x, size_t n)
{
	TIMED(OPTIMISER, sumsq(out, x, n));
}

static void
timed_zero(void *x, size_t n)
{
	TIMED(ZERO, zero(x, n));
}

static struct ops
traced(const struct ops *ops)
{
	struct ops t = *ops;

	trace.ops = ops;
	t.matmul = timed_matmul;
	t.cross_entropy = timed_cross_entropy;
	t.act_fwd = timed_act_fwd;
	t.act_bwd = timed_act_bwd;
	t.layernorm_fwd = timed_layernorm_fwd;
	t.layernorm_bwd = timed_layernorm_bwd;
	t.adamw = timed_adamw;
	t.sumsq = timed_sumsq;
	t.zero = timed_zero;
	return t;
}

struct setting {
	uint64_t rows, seq, steps;
	const char *dtype, *preset;
	struct net n;
	uint32_t *tokens;
};

static int
step(struct setting *s, struct optimiser *opt, uint64_t at, struct err *e)
{
	const struct rows rows = { .tokens = s->tokens };
	double loss = 0, norm;

	net_zero_grads(&s->n);
	if (net_train(&s->n, &rows, (uint32_t)s->rows, (uint32_t)s->seq,
		1.0 / (double)(s->rows * s->seq), &loss, e) < 0 ||
	    net_grad_norm(&s->n, &norm, e) < 0)
		return e->code;
	return optimiser_step(opt, at, 1e-4, 1 / (norm > 1 ? norm : 1), e);
}

/* The median step; what its last one did stays in trace. */
static int
run_steps(struct setting *s, struct spent *took, struct err *e)
{
	struct optimiser_options o = { .kind = OPTIMISER_ADAMW,
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1 };
	struct spent t[MOST_STEPS], start;
	struct optimiser opt;
	uint64_t i;
	int rc = optimiser_open(&opt, &o, &s->n, e);

	for (i = 0; rc == 0 && i <= s->steps; i++) {
		memset(trace.in, 0, sizeof(trace.in));
		trace.calls = 0;
		start = now();
		rc = step(s, &opt, i, e);
		if (i > 0) /* the first touches memory for the first time */
			t[i - 1] = since(start);
	}
	optimiser_close(&opt);
	if (rc == 0)
		*took = median(t, (int)s->steps);
	return rc;
}

/* The products of a step and nothing else; the gradients grow, unused. */
static struct spent
replay(const struct setting *s)
{
	struct spent t[MOST_STEPS], start;
	uint64_t i;
	size_t k;

	for (i = 0; i < s->steps; i++) {
		start = now();
		for (k = 0; k < trace.calls; k++) {
			const struct product *p = &trace.call[k];

			trace.ops->matmul(p->c, p->a, p->b, p->m, p->n, p->k,
			    p->ta, p->tb, p->accumulate);
		}
		t[i] = since(start);
	}
	return median(t, (int)s->steps);
}

static double
product_flops(void)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < trace.calls; i++)
		sum +=
		    2.0 * trace.call[i].m * trace.call[i].n * trace.call[i].k;
	return sum;
}

static dnnl_memory_t
library_matrix(dnnl_memory_desc_t *d, dnnl_data_type_t type,
    dnnl_engine_t engine, float *host)
{
	const dnnl_dims_t dims = { SIDE, SIDE };
	dnnl_memory_desc_t f32;
	dnnl_memory_t to, from;
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t p;
	dnnl_stream_t stream;
	dnnl_exec_arg_t args[2];

	dnnl_memory_desc_init_by_tag(d, 2, dims, type, dnnl_ab);
	dnnl_memory_desc_init_by_tag(&f32, 2, dims, dnnl_f32, dnnl_ab);
	dnnl_memory_create(&to, d, engine, DNNL_MEMORY_ALLOCATE);
	dnnl_memory_create(&from, &f32, engine, host);
	dnnl_reorder_primitive_desc_create(&pd, &f32, engine, d, engine, NULL);
	dnnl_primitive_create(&p, pd);
	dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
	args[0] = (dnnl_exec_arg_t){ DNNL_ARG_FROM, from };
	args[1] = (dnnl_exec_arg_t){ DNNL_ARG_TO, to };
	dnnl_primitive_execute(p, stream, 2, args);
	dnnl_stream_wait(stream);
	dnnl_stream_destroy(stream);
	dnnl_primitive_destroy(p);
	dnnl_primitive_desc_destroy(pd);
	dnnl_memory_destroy(from);
	return to;
}

/* The library's own product of two large matrices, on its threads. */
static struct spent
library_product(const char *dtype)
{
	dnnl_data_type_t type =
	    strcmp(dtype, "bf16") == 0 ? dnnl_bf16 : dnnl_f32;
	float *x = malloc(sizeof(*x) * SIDE * SIDE);
	struct spent t[PEAK_RUNS], start;
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_memory_desc_t d[3];
	dnnl_memory_t m[3];
	dnnl_matmul_desc_t desc;
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t p;
	dnnl_exec_arg_t args[3];
	int i;

	philox_normal(x, (size_t)SIDE * SIDE, 1, 1, 1, 0);
	dnnl_engine_create(&engine, dnnl_cpu, 0);
	dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
	for (i = 0; i < 3; i++)
		m[i] =
		    library_matrix(&d[i], i < 2 ? type : dnnl_f32, engine, x);
	dnnl_matmul_desc_init(&desc, &d[0], &d[1], NULL, &d[2]);
	dnnl_primitive_desc_create(&pd, &desc, NULL, engine, NULL);
	dnnl_primitive_create(&p, pd);
	args[0] = (dnnl_exec_arg_t){ DNNL_ARG_SRC, m[0] };
	args[1] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, m[1] };
	args[2] = (dnnl_exec_arg_t){ DNNL_ARG_DST, m[2] };
	for (i = 0; i < PEAK_RUNS; i++) {
		start = now();
		dnnl_primitive_execute(p, stream, 3, args);
		dnnl_stream_wait(stream);
		t[i] = since(start);
	}
	for (i = 0; i < 3; i++)
		dnnl_memory_destroy(m[i]);
	dnnl_primitive_destroy(p);
	dnnl_primitive_desc_destroy(pd);
	dnnl_stream_destroy(stream);
	dnnl_engine_destroy(engine);
	free(x);
	return median(t, PEAK_RUNS);
}

static void
print_share(const char *name, struct spent t, struct spent of)
{
	printf("  %-24s %8.1f ms %8.1f ms  %5.1f %%\n", name, t.wall * 1e3,
	    t.cpu * 1e3, 100 * t.cpu / of.cpu);
}

static void
print_rates(
    const char *by, double flops, double took, double alone, double library)
{
	double most = 2.0 * SIDE * SIDE * SIDE / library * 1e-9;

	printf("  by the %s: %.0f GFLOP/s, %.0f %% of the library's %.0f; the "
	       "products alone %.0f\n",
	    by, flops / took * 1e-9, 100 * flops / took * 1e-9 / most, most,
	    product_flops() / alone * 1e-9);
}

static void
print_all(const struct setting *s, struct spent took, struct spent alone,
    struct spent library)
{
	const struct program *p = s->n.p;
	struct spent rest = took;
	/* 6 a parameter and token, and causal attention: 6 T C a layer. */
	double flops =
	    (6.0 * (double)p->params.count +
		6.0 * (double)s->seq * p->config.dim * p->config.layers) *
	    (double)(s->rows * s->seq);
	int i;

	printf("training %s, %.1fM parameters, B %llu x T %llu, %s: %.3f s a "
	       "step, %.3f s of processors\n",
	    s->preset, (double)p->params.count / 1e6,
	    (unsigned long long)s->rows, (unsigned long long)s->seq, s->dtype,
	    took.wall, took.cpu);
	for (i = 0; i < GROUPS; i++) {
		print_share(group_name[i], trace.in[i], took);
		rest.wall -= trace.in[i].wall;
		rest.cpu -= trace.in[i].cpu;
	}
	print_share("attention and the rest", rest, took);
	print_share("the products alone", alone, took);
	print_rates("clock", flops, took.wall, alone.wall, library.wall);
	print_rates("processors", flops, took.cpu, alone.cpu, library.cpu);
}

static int
read_operands(struct setting *s, int argc, char **argv, struct err *e)
{
	uint64_t *const number[] = { &s->rows, &s->seq, NULL, &s->steps };
	int i;

	for (i = 1; i < argc && i <= 5; i++) {
		if (i == 3)
			s->dtype = argv[i];
		else if (i == 5)
			s->preset = argv[i];
		else if (num_u64(argv[i], number[i - 1], e) < 0)
			return e->code;
	}
	if (s->steps < 1 || s->steps > MOST_STEPS || s->rows < 1 ||
	    s->rows > 65536 || s->seq < 1 || s->seq > 65536)
		return err_set(e, ERR_ARG,
		    "rows, their tokens or steps (to %d) out of range",
		    MOST_STEPS);
	return 0;
}

static int
measure(struct setting *s, struct program *p, struct ops *ops, struct err *e)
{
	struct model_config c;
	size_t i, n = (size_t)s->rows * (s->seq + 1);
	struct spent took;

	if (!preset_find(&c, s->preset))
		return err_set(e, ERR_ARG, "no preset '%s'", s->preset);
	s->tokens = malloc(n * sizeof(*s->tokens));
	if (!s->tokens)
		return err_nomem(e, "rows");
	for (i = 0; i < n; i++)
		s->tokens[i] = (uint32_t)(philox_uniform(1, 1, i) * c.vocab);
	if (program_build(p, &c, (size_t)(s->rows * s->seq), true, e) < 0 ||
	    net_open(&s->n, p, ops, e) < 0 || weights_init(&s->n, 1, e) < 0 ||
	    run_steps(s, &took, e) < 0)
		return e->code;
	print_all(s, took, replay(s), library_product(s->dtype));
	return 0;
}

int
main(int argc, char **argv)
{
	struct setting s = { .rows = 4,
		.seq = 64,
		.steps = 9,
		.dtype = "f32",
		.preset = "gpt2-124m" };
	struct opt_common opt;
	struct program p = { 0 };
	struct ops ops;
	struct err e = { 0 };
	int rc;

	opt_common_init(&opt);
	rc = read_operands(&s, argc, argv, &e);
	ops = traced(ops_cpu_typed(
	    opt.threads, strcmp(s.dtype, "bf16") == 0   ? OPS_BF16
			 : strcmp(s.dtype, "fp16") == 0 ? OPS_F16
							: OPS_F32));
	if (rc == 0)
		rc = measure(&s, &p, &ops, &e);
	if (rc < 0)
		fprintf(stderr, "bench: %s\n", e.msg);
	net_close(&s.n);
	program_free(&p);
	free(s.tokens);
	return rc < 0;
}
